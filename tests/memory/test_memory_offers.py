"""What suggestions rest on: purchases of a conversation, needs, questions and stock, on each kind of database."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from memory_people import NOW, somebody

from memory import (
    Memory,
    consent,
    conversations,
    deliveries,
    erasure,
    identities,
    needs,
    orders,
    purchases,
    questions,
    stock,
    traces,
)
from memory.consent import Evidence, Purpose
from memory.purchases import Line


def _line(sku: str = "latte", *, nth: int | None = None, quantity: int = 1, order: str = "K-1") -> Line:
    return Line(order, "ann", NOW, sku, quantity, Decimal("4.20"), gift=True, nth=nth, modules={"milk": "oat"})


def _kept(memory: Memory, customer: str) -> tuple[purchases.Purchase, ...]:
    with memory.read() as tx:
        return purchases.of(tx, consent.require(tx, customer, Purpose.PERSONALISATION))


def test_an_order_of_a_conversation_becomes_purchases_and_is_replaced_by_its_change(memory: Memory) -> None:
    """With what it was made of; cancelled, nothing is left of it."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        assert purchases.record_order(tx, customer, order_id="K-1", rows=[_line(), _line()])
    assert [(one.sku, one.modules, one.gift) for one in _kept(memory, customer)] == [
        ("latte", {"milk": "oat"}, True)
    ] * 2
    with memory.write() as tx:
        purchases.record_order(tx, customer, order_id="K-1", rows=[_line("mocha")])
    assert [one.sku for one in _kept(memory, customer)] == ["mocha"]
    with memory.write() as tx:
        assert purchases.drop_order(tx, customer, order_id="K-1") == 1
    assert _kept(memory, customer) == ()


def test_whoever_refuses_leaves_no_purchases(memory: Memory) -> None:
    """Not even of what they order here."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        refused = {"purpose": Purpose.PERSONALISATION, "decision": "withdrawn", "evidence": Evidence("button")}
        consent.decide(tx, customer, now=NOW, **refused)  # type: ignore[arg-type]
        assert not purchases.record_order(tx, customer, order_id="K-1", rows=[_line()])


def test_columns_are_the_same_purchases(memory: Memory) -> None:
    """The quick way reads what the other one reads."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        composed = replace(_line(order="K-2"), nth=0, modules={"size": "large", "milk": "oat"})
        purchases.record_lines(tx, [_line(nth=0), _line("mocha", nth=0, quantity=-1), composed])
        grant = consent.require(tx, customer, Purpose.PERSONALISATION)
        assert purchases.confirm(tx, grant, composed.sku) == 2
        quick = sorted(zip(*purchases.columns(tx, grant), strict=True))
        kept = sorted(purchases.of(tx, grant))
    assert quick == [
        (
            one.line,
            one.sku,
            one.ordered_at,
            one.quantity,
            float(one.unit_price),
            one.gift,
            tuple(sorted((one.modules or {}).items())),
            one.confirmed,
        )
        for one in kept
    ]


def test_somebody_without_purchases_has_empty_columns(memory: Memory) -> None:
    """And everything of them is there all the same."""
    customer, _ = somebody(memory)
    with memory.read() as tx:
        grant = consent.require(tx, customer, Purpose.PERSONALISATION)
        assert [list(column) for column in purchases.columns(tx, grant)] == [[]] * 8


def test_an_order_placed_here_is_not_imported_again(memory: Memory) -> None:
    """Its return is."""
    customer, conversation = somebody(memory)
    with memory.write() as tx:
        placed = {"lines": [{"sku": "latte"}], "fulfilment": "pickup", "total": 4, "currency": "EUR", "now": NOW}
        orders.place(tx, customer=customer, conversation=conversation, number="K-1", **placed)  # type: ignore[arg-type]
        done = purchases.record_lines(tx, [_line(nth=0), _line(nth=0, quantity=-1)])
    assert (done.new, done.known) == (1, 1)


def test_a_need_counts_once_a_day_and_person(memory: Memory) -> None:
    """And can be told by person only to the job that counts."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        for hours in (0, 1, 30):
            needs.note(tx, customer, wanted="fridge", now=NOW + timedelta(hours=hours))
    with memory.read() as tx:
        assert [(what, who) for what, who, _ in needs.everyone(tx)] == [("fridge", customer)] * 2
        assert len(list(needs.everyone(tx, since=NOW + timedelta(hours=2)))) == 1
    with memory.write() as tx:
        assert needs.forget(tx, customer) == 2


def test_a_question_is_open_until_it_is_settled(memory: Memory) -> None:
    """Asked twice meanwhile it counts once; a notice is no question."""
    customer, conversation = somebody(memory)
    with memory.write() as tx:
        for question in ("milk", "milk", "size", questions.NOTICE):
            questions.ask(tx, customer, conversation=conversation, question=question, now=NOW)
        answered = {"answers": {"milk": True}, "asked": frozenset({"milk", "size", "grind"})}
        questions.settle(tx, customer, conversation=conversation, now=NOW, **answered)  # type: ignore[arg-type]
        questions.ask(tx, customer, conversation=conversation, question="milk", now=NOW + timedelta(days=1))
        found = [(each.question, each.answered, each.changed) for each in questions.everyone(tx)]
        assert found == [("milk", True, True), ("size", False, False), ("milk", False, False)]
        assert len(questions.of(tx, customer, since=NOW + timedelta(hours=1))) == 1


def test_stock_is_what_was_stated_less_what_stands_ordered_since(memory: Memory) -> None:
    """By size where sizes are counted; a new count begins anew, the same one does not."""
    customer, conversation = somebody(memory)
    counts = {("beans", "250g"): 9, ("beans", "1kg"): 4, ("mug", ""): 3}
    lines = [{"sku": "beans", "options": {"size": "250g", "grind": "filter"}, "quantity": 2}, {"sku": "mug"}]
    with memory.write() as tx:
        assert stock.changed(tx, counts)
        stock.state(tx, counts, now=NOW)
        assert not stock.changed(tx, counts)
        later = NOW + timedelta(minutes=1)
        placed = {"lines": lines, "fulfilment": "pickup", "total": 4, "currency": "EUR", "now": later}
        orders.place(tx, customer=customer, conversation=conversation, number="K-1", **placed)  # type: ignore[arg-type]
        assert stock.version(tx) == later
        assert stock.ordered(tx) == {("beans", "250g"): 2, ("mug", ""): 1}
        stock.state(tx, counts | {("mug", ""): 8}, now=later + timedelta(minutes=1))
        assert stock.ordered(tx) == {("beans", "250g"): 2}
        orders.cancel(tx, "K-1", customer=customer, now=later + timedelta(minutes=2))
        assert stock.ordered(tx) == {}


def test_each_delivery_of_a_subscription_takes_its_pieces_from_stock(memory: Memory) -> None:
    """Of the thing that it brings, at once and at each interval until it is ended; a new count has the past ones in."""
    customer, conversation = somebody(memory)
    counts, day = {("beans", "250g"): 9}, timedelta(days=1)
    line = {"sku": "weekly", "delivers": "beans", "options": {"size": "250g"}, "quantity": 1}
    way = {"how": "delivery", "every_days": 7}
    with memory.write() as tx:
        stock.state(tx, counts, now=NOW)
        placed = {"lines": [line], "fulfilment": way, "total": 9, "currency": "EUR", "now": NOW}
        orders.place(tx, customer=customer, conversation=conversation, number="K-1", **placed)  # type: ignore[arg-type]
        taken = {after: stock.ordered(tx, now=NOW + after * day) for after in (0, 6, 7, 22)}
        assert taken == {after: {("beans", "250g"): n} for after, n in ((0, 1), (6, 1), (7, 2), (22, 4))}
        assert deliveries.next_due(tx, now=NOW + 7 * day) == NOW + 14 * day
        stock.state(tx, {("beans", "250g"): 5}, now=NOW + 10 * day)
        assert stock.ordered(tx, now=NOW + 13 * day) == {}
        assert stock.ordered(tx, now=NOW + 14 * day) == {("beans", "250g"): 1}
        orders.cancel(tx, "K-1", customer=customer, now=NOW + 15 * day)
        assert stock.ordered(tx, now=NOW + 90 * day) == {("beans", "250g"): 1}
        assert deliveries.next_due(tx, now=NOW + 15 * day) is None


def test_stock_stays_right_when_an_order_is_erased_and_nothing_else_stays(memory: Memory) -> None:
    """The number of pieces is kept until the next count; whose they were, when and in which order is in no file."""
    with memory.write() as tx:
        customer = identities.sign_in(tx, subject="ermengarde@example.org", now=NOW)
        conversation = conversations.open(tx, customer=customer, channel="web", now=NOW).id
    counts, later = {("beans", "250g"): 9, ("mug", ""): 3}, NOW + timedelta(minutes=7)
    lines = [{"sku": "beans", "options": {"size": "250g"}, "quantity": 2}, {"sku": "espresso"}]
    with memory.write() as tx:
        stock.state(tx, counts, now=NOW)
        for number in ("K-ZZYZX1", "K-ZZYZX2"):
            placed = {"lines": lines, "fulfilment": "pickup", "total": 4, "currency": "EUR", "now": later}
            orders.place(tx, customer=customer, conversation=conversation, number=number, **placed)  # type: ignore[arg-type]
        orders.cancel(tx, "K-ZZYZX2", customer=customer, now=later)
    receipt = erasure.erase(memory, customer, now=later)
    assert receipt.done_at is not None
    assert not any(receipt.probes.values())
    with memory.write() as tx:
        assert stock.ordered(tx) == {("beans", "250g"): 2}
        if memory.path is not None:
            left = b"".join(file.read_bytes() for file in traces.files(memory.path))
            looked_for = ("ZZYZX", customer, conversation, "ermengarde")
            assert [trace for trace in looked_for if trace.encode() in left] == []
        stock.state(tx, counts | {("beans", "250g"): 12}, now=later)
        assert stock.ordered(tx) == {}


def test_subjects_are_the_shops_own_ids(memory: Memory) -> None:
    """Visitors have none."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        visitor = identities.create_visitor(tx, now=NOW)
        assert identities.subjects(tx, [customer, visitor]) == {customer: "ann"}
