"""Purchases, profiles, handoffs and the outbox keep what they were given, once, and for as long as they may."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from memory_people import NOW, Half, somebody

from memory import (
    Memory,
    Tx,
    consent,
    conversations,
    deliveries,
    export,
    facts,
    handoffs,
    identities,
    messages,
    orders,
    outbox,
    profiles,
    purchases,
    retention,
    threads,
    transcripts,
)
from memory._registry import TABLES
from memory._tables import Base
from memory.consent import Evidence, Purpose
from memory.errors import ConsentRefused, ForeignRow, UnknownCustomer
from memory.messages import Outgoing, Said
from memory.purchases import Line, Recorded


def _line(order: str = "o1", subject: str = "ann", days: int = 0, **more: Any) -> Line:
    stated: dict[str, Any] = {"sku": "beans", "quantity": 1, "unit_price": Decimal("9.95")} | more
    return Line(order, subject, NOW + timedelta(days=days), **stated)


def _withdraw(tx: Tx, customer: str, purpose: Purpose, days: int = 0) -> None:
    now = NOW + timedelta(days=days)
    consent.decide(tx, customer, purpose=purpose, decision="withdrawn", evidence=Evidence("button"), now=now)


def test_the_same_file_twice_changes_nothing(memory: Memory) -> None:
    """Whole or in pieces; two equal lines of one order are two; a return is a line of its own."""
    lines = [_line(), _line(), _line(quantity=-1, days=3), _line("o2", "bob"), _line(unit_cost=Decimal("0.1234"))]
    with memory.write() as tx:
        assert purchases.record_lines(tx, lines[:4]) == Recorded(4, 0, 0)
    seen: Counter[bytes] = Counter()
    with memory.write() as tx:
        pieces = [purchases.record_lines(tx, [line], seen=seen) for line in lines]
    assert [piece.new for piece in pieces] == [0, 0, 0, 0, 1]
    with memory.read() as tx:
        ann = identities.find(tx, channel="shop", address="ann")
        assert ann is not None
        bought = purchases.of(tx, consent.require(tx, ann, Purpose.PERSONALISATION))
    assert [(one.quantity, str(one.unit_price)) for one in bought] == [(1, "9.95")] * 3 + [(-1, "9.95")]
    assert {one.unit_cost for one in bought} == {None, Decimal("0.1234")}


def test_purchases_are_read_with_a_grant_to_personalise_only(memory: Memory) -> None:
    """They are recorded all the same; jobs leave out who refused."""
    with memory.write() as tx:
        purchases.record_lines(tx, [_line(), _line("o2", "bob"), _line("o3", "eve")])
        ann, bob, eve = (str(identities.find(tx, channel="shop", address=name)) for name in ("ann", "bob", "eve"))
        _withdraw(tx, bob, Purpose.PERSONALISATION)
        identities.sign_in(tx, subject="eve", child=True, now=NOW)
        with pytest.raises(ConsentRefused):
            consent.require(tx, bob, Purpose.PERSONALISATION)
        assert [(one, len(lines)) for one, lines in purchases.all_granted(tx)] == [(ann, 1)]
        computed = [(one, profiles.Profile(NOW, "STANDARD", {}, [])) for one in (ann, bob, eve)]
        assert profiles.record_many(tx, computed) == 1


def test_the_newest_profile_is_in_force_and_the_history_stays(memory: Memory) -> None:
    """Each computation is kept with its date and reasons; the same date again replaces."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        grant = consent.require(tx, customer, Purpose.PERSONALISATION)
        profiles.record(tx, grant, tier="STANDARD", figures={"value": 1.5}, reasons=["new"], now=NOW)
        later = NOW + timedelta(days=30)
        profiles.record(tx, grant, tier="MGC", figures={"value": 9.5}, reasons=["grows"], now=later)
        profiles.record(tx, grant, tier="MVC", figures={"value": 9.9}, reasons=["best"], now=later)
        assert [(one.tier, one.figures) for one in profiles.history(tx, grant)] == [
            ("MVC", {"value": 9.9}),
            ("STANDARD", {"value": 1.5}),
        ]


def test_exactly_one_side_is_in_charge(memory: Memory) -> None:
    """Handing over, taking and handing back; a second handoff of the same conversation is the first."""
    customer, conversation = somebody(memory)
    _, other = somebody(memory, "bob")
    opened: dict[str, Any] = {"reason": "asked", "packet": {"goal": "refund"}, "now": NOW}
    with memory.write() as tx:
        handoff = handoffs.open(tx, customer=customer, conversation=conversation, **opened)
        assert handoffs.open(tx, customer=customer, conversation=conversation, **opened) == handoff
        with pytest.raises(ForeignRow):
            handoffs.open(tx, customer=customer, conversation=other, **opened)
        assert handoffs.in_charge(tx, conversation) == "operator"
        taken = handoffs.take(tx, conversation, operator="olga", now=NOW)
        assert taken is not None
        assert (taken.state, taken.operator) == ("taken", "olga")
        assert handoffs.take(tx, conversation, operator="otto", now=NOW) is None
        assert handoffs.close(tx, conversation, outcome={"promised": "refund"}, now=NOW)
        assert not handoffs.close(tx, conversation, outcome={}, now=NOW)
        assert conversations.get(tx, conversation).in_charge == "assistant"


def test_a_queued_message_is_sent_once_and_not_after_a_refusal(memory: Memory) -> None:
    """Consent is checked when it is queued and again when it is taken."""
    ann, _ = somebody(memory)
    bob, _ = somebody(memory, "bob")
    message: dict[str, Any] = {"purpose": Purpose.MARKETING, "channel": "email", "body": {"text": "hi"}, "now": NOW}
    with memory.write() as tx:
        with pytest.raises(ConsentRefused):
            outbox.put(tx, customer=ann, key="1", due_at=NOW, **message)
        for customer in (ann, bob):
            stated: dict[str, Any] = {"purpose": Purpose.MARKETING, "decision": "granted", "channel": "email"}
            consent.decide(tx, customer, evidence=Evidence("button"), now=NOW, **stated)
            assert outbox.put(tx, customer=customer, key=f"news {customer}", due_at=NOW, **message)
            assert not outbox.put(tx, customer=customer, key=f"news {customer}", due_at=NOW, **message)
        _withdraw(tx, bob, Purpose.MARKETING, days=1)
    with memory.write() as tx:
        due, dropped = outbox.take_due(tx, now=NOW)
        assert ([one.customer for one in due], dropped) == ([ann], 1)
        assert outbox.take_due(tx, now=NOW) == ((), 0)


def test_the_copies_hold_every_table_and_no_secret(memory: Memory) -> None:
    """The access copy has all, with purpose and period; the portable one what was given and observed."""
    customer, conversation = somebody(memory)
    with memory.write() as tx:
        messages.record_turn(
            tx, conversation, customer=customer, message_id="k", said=Said("hi"), replies=[Outgoing("ho")], now=NOW
        )
        _withdraw(tx, customer, Purpose.RESUME)
        whole = export.access_copy(tx, customer, now=NOW, logic="Tiers are computed from margin.")
        portable = export.portable_copy(tx, customer, now=NOW)
    assert set(whole["kept"]) == {kept.name for kept in TABLES}
    assert [row["text"] for row in whole["kept"]["messages"]["rows"]] == ["hi", "ho"]
    assert (whole["kept"]["messages"]["kept_days"], whole["kept"]["messages"]["purposes"]) == (730, ["resume"])
    assert whole["profile_logic"] == "Tiers are computed from margin."
    assert not {"profiles", "events"} & set(portable["data"])
    assert portable["data"]["messages"] == whole["kept"]["messages"]["rows"]
    assert all("hash" not in row for row in whole["kept"]["codes"]["rows"])


def test_every_table_has_a_period(memory: Memory) -> None:
    """A table that is not named in retention.yml has none, and this fails."""
    named = set(memory.policies.retention.keep)
    assert named == {kept.name for kept in TABLES}
    for kept in TABLES:
        assert kept.dated is None or kept.dated in kept.row.__table__.c
        assert kept.dated or memory.policies.retention.keep[kept.name] is None
    assert set(retention.periods(memory)) < set(Base.metadata.tables)


def test_the_page_for_the_protection_officer_is_true(memory: Memory) -> None:
    """It lists exactly the tables of the registry, with their purposes and periods."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")
    listed: dict[str, tuple[str, str]] = {}
    for row in (line for line in page.splitlines() if line.startswith("| `")):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        names = [name.strip(" `") for name in cells[0].split(",")]
        periods = [period.strip() for period in cells[4].split(",")] * len(names)
        listed |= {name: (cells[3].split(" ")[0], period) for name, period in zip(names, periods, strict=False)}
    for kept in TABLES:
        days = memory.policies.retention.keep[kept.name]
        said = {"while known": None, "with the messages": None}.get(listed[kept.name][1], listed[kept.name][1])
        assert (kept.name, said) == (kept.name, None if days is None else str(days.days))
        assert listed[kept.name][0] == next(iter(kept.purposes), Purpose.SERVICE).value
    assert set(listed) == {kept.name for kept in TABLES}
    assert all(f"`{purpose.value}`" in page for purpose in Purpose)


def test_rows_go_when_their_period_is_over(memory: Memory) -> None:
    """What is older than its table's period is deleted, search included; the rest stays."""
    customer, conversation = somebody(memory)
    for days in (0, 400):
        with memory.write() as tx:
            now = NOW + timedelta(days=days)
            transcripts.append(tx, conversation, customer=customer, events=[{"day": days}], now=now)
            messages.record_turn(
                tx, conversation, customer=customer, message_id=str(days), said=Said("oat"), replies=[], now=now
            )
            threads.save(tx, Half(f"t_{days}"), customer=customer, conversation=conversation, now=now)
    deleted = retention.apply(memory, now=NOW + timedelta(days=401))
    assert {name: gone for name, gone in deleted.items() if gone} == {"events": 1, "threads": 1, "turns": 1}
    deleted = retention.apply(memory, now=NOW + timedelta(days=800))
    assert deleted["messages"] == 1
    with memory.read() as tx:
        kept = export.access_copy(tx, customer, now=NOW)["kept"]
        assert len(kept["messages"]["rows"]) == len(kept["search_documents"]["rows"]) == 1


def test_what_was_withdrawn_is_deleted_after_a_month_of_grace(memory: Memory) -> None:
    """A change of mind within it finds everything as it was; orders stay, they are the contract."""
    customer, conversation = somebody(memory)
    with memory.write() as tx:
        decided: dict[str, Any] = {"purpose": Purpose.PREFERENCES, "decision": "granted", "now": NOW}
        consent.decide(tx, customer, evidence=Evidence("button"), **decided)
        source = facts.Source(channel="web", touch_point="chat")
        told: dict[str, Any] = {"attribute": "milk", "value": "oat", "polarity": "like", "source": source, "now": NOW}
        grant = consent.require(tx, customer, Purpose.PREFERENCES)
        facts.record(tx, grant, purpose=Purpose.PREFERENCES, **told)
        threads.save(tx, Half(), customer=customer, conversation=conversation, now=NOW)
        order: dict[str, Any] = {"lines": [], "fulfilment": "pickup", "total": 3, "currency": "GBP", "now": NOW}
        orders.place(tx, customer=customer, conversation=conversation, number="K-1", **order)
        _withdraw(tx, customer, Purpose.PREFERENCES)
        _withdraw(tx, customer, Purpose.RESUME)
    assert retention.apply(memory, now=NOW + timedelta(days=29))["facts"] == 0
    deleted = retention.apply(memory, now=NOW + timedelta(days=31))
    assert (deleted["facts"], deleted["threads"], deleted["orders"]) == (1, 1, 0)


def test_a_visitor_who_stays_away_is_erased(memory: Memory) -> None:
    """Unless they proved who they are, were linked, or have a contract."""
    with memory.write() as tx:
        gone, buyer = (identities.create_visitor(tx, now=NOW) for _ in range(2))
        order: dict[str, Any] = {"lines": [], "fulfilment": "pickup", "total": 3, "currency": "GBP", "now": NOW}
        orders.place(tx, customer=buyer, conversation=None, number="K-1", **order)
        signed_in = identities.sign_in(tx, subject="ann", now=NOW)
        phone = identities.for_address(tx, channel="sms", address="1", now=NOW)
    assert retention.apply(memory, now=NOW + timedelta(days=20))["visitors"] == 0
    assert retention.apply(memory, now=NOW + timedelta(days=31))["visitors"] == 1
    with memory.read() as tx:
        for customer in (buyer, signed_in, phone):
            identities.customer(tx, customer)
        with pytest.raises(UnknownCustomer):
            identities.customer(tx, gone)


def test_what_the_shop_states_of_a_customer_is_read_without_writing(memory: Memory) -> None:
    """A request with the same token as before needs no write; a changed one does."""
    customer, _ = somebody(memory)
    stated: dict[str, Any] = {"subject": "ann", "name": "Ann", "lang": "en", "tz": "Europe/London", "child": False}
    with memory.write() as tx:
        assert identities.signed_in(tx, **stated) is None
        assert identities.sign_in(tx, now=NOW, **stated) == customer
    with memory.read() as tx:
        assert identities.signed_in(tx, **stated) == customer
        assert identities.signed_in(tx, subject="ann") == customer
        assert identities.signed_in(tx, **(stated | {"name": "Anna"})) is None
        assert identities.customer(tx, customer).tz == "Europe/London"
        assert identities.find(tx, channel="shop", address="nobody") is None


def test_the_language_that_is_stated_is_only_a_first_guess(memory: Memory) -> None:
    """What a customer writes in tells their language; the next token does not take it back."""
    with memory.write() as tx:
        customer = identities.sign_in(tx, subject="ann", lang="en", now=NOW)
        identities.speak(tx, customer, "zh-Hant")
        assert identities.signed_in(tx, subject="ann", lang="en") == customer
        assert identities.sign_in(tx, subject="ann", lang="en", now=NOW) == customer
        assert identities.language(tx, customer) == "zh-Hant"


def test_opening_an_older_schema_brings_it_up_to_date(bare_url: str, open_memory: Callable[..., Memory]) -> None:
    """From the first schema, with rows in it, to the newest: everything is there and works."""
    from sqlalchemy import make_url, text

    from memory import database, migrations
    from memory._gate import MAINTENANCE

    engine = database._engine(make_url(bare_url))
    migrations.upgrade(engine, to="0001")
    with engine.connect() as plain:
        connection = plain.execution_options(**MAINTENANCE)
        columns = "(id, name, child, created_at) VALUES ('c_old', 'Ann', false, '2026-01-01 00:00:00')"
        connection.execute(text(f"INSERT INTO customers {columns}"))
        columns = "(number, customer, lines, fulfilment, total, currency, state, placed_at, changed_at)"
        plan = "('K-1', 'c_old', '[]', '{\"every_days\": 14}', 90000, 'EUR', 'placed', '2026-05-01', '2026-05-01')"
        connection.execute(text(f"INSERT INTO orders {columns} VALUES {plan}".replace(":", "\\:")))
        connection.commit()
    engine.dispose()
    memory = open_memory(bare_url)
    with memory.write() as tx:
        assert identities.customer(tx, "c_old").name == "Ann"
        assert deliveries.next_due(tx, now=NOW) is not None
        conversation = conversations.open(tx, customer="c_old", channel="web", now=NOW).id
        messages.record_turn(tx, conversation, customer="c_old", message_id="k", said=Said("oat"), replies=[], now=NOW)


def test_the_scripts_make_the_tables_that_the_program_knows(memory: Memory) -> None:
    """Alembic finds no difference but the full-text index, which is the databases' own."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from memory._gate import MAINTENANCE

    def _ours(_: Any, name: str | None, kind: str, *_rest: Any) -> bool:
        return not (kind == "table" and str(name).startswith("search_") and name != "search_documents")

    with memory._engine.connect() as plain:
        connection = plain.execution_options(**MAINTENANCE)
        context = MigrationContext.configure(connection, opts={"include_object": _ours})
        found = compare_metadata(context, Base.metadata)
    assert [one for one in found if not (one[0] == "remove_column" and one[3].name == "words")] == []


def test_an_older_program_refuses_a_newer_database(bare_url: str, open_memory: Callable[..., Memory]) -> None:
    """Rather than writing into what it does not know."""
    from alembic.util.exc import CommandError
    from sqlalchemy import text

    from memory._gate import MAINTENANCE

    newer = open_memory(bare_url)
    with newer._engine.connect() as plain:
        connection = plain.execution_options(**MAINTENANCE)
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    with pytest.raises(CommandError):
        open_memory(bare_url)
