"""Two identities become one person by proof only, and two again, each exactly with its own."""

from datetime import timedelta
from typing import Any

import pytest
from memory_people import NOW, Half, somebody

from memory import (
    Memory,
    Tx,
    consent,
    conversations,
    erasure,
    export,
    identities,
    links,
    messages,
    threads,
    transcripts,
)
from memory.consent import Evidence, Purpose
from memory.errors import LinkRefused
from memory.messages import Said

PHONE = {"channel": "whatsapp", "address": "+44 7700 900123"}


def _person(memory: Memory, channel: str, address: str) -> tuple[str, str]:
    with memory.write() as tx:
        customer = identities.for_address(tx, channel=channel, address=address, now=NOW)
        return customer, conversations.open(tx, customer=customer, channel=channel, now=NOW).id


def _threads(tx: Tx, customer: str) -> set[str]:
    return {one.thread for one in threads.open_for(tx, consent.require(tx, customer, Purpose.RESUME))}


def _linked(memory: Memory) -> tuple[str, str, str, str, links.Link]:
    """Ann on the web, and on the phone, each with a thread, joined by a code."""
    ann, web = somebody(memory)
    phone, app = _person(memory, **PHONE)
    with memory.write() as tx:
        threads.save(tx, Half("t_web"), customer=ann, conversation=web, now=NOW)
        threads.save(tx, Half("t_phone"), customer=phone, conversation=app, now=NOW)
        code = links.offer_code(tx, customer=ann, channel="shop", address="ann", now=NOW)
        redeemed = links.redeem_code(tx, customer=phone, code=code, now=NOW, **PHONE)
        assert redeemed.link is not None
        return ann, web, phone, app, redeemed.link


def _snapshot(memory: Memory, customer: str) -> dict[str, Any]:
    with memory.read() as tx:
        kept = export.access_copy(tx, customer, now=NOW)["kept"]
    leave_out = ("links", "codes", "customers", "identities")
    return {name: table["rows"] for name, table in kept.items() if name not in leave_out}


def test_the_same_address_on_two_channels_is_two_customers(memory: Memory) -> None:
    """Unverified identities never merge, whatever they are called."""
    first, _ = _person(memory, "whatsapp", "+44 7700 900123")
    second, _ = _person(memory, "sms", "+44 7700 900123")
    assert first != second
    with memory.write() as tx:
        identities.verify_address(tx, channel="whatsapp", address="+44 7700 900123", now=NOW)
        assert identities.for_address(tx, channel="sms", address="+44 7700 900123", now=NOW) == second
        assert len(identities.of(tx, first)) == 1


def test_a_code_joins_both_and_verifies_the_addresses(memory: Memory) -> None:
    """Each side sees both threads, and both identities are verified."""
    ann, _, phone, _, link = _linked(memory)
    with memory.read() as tx:
        assert _threads(tx, ann) == _threads(tx, phone) == {"t_web", "t_phone"}
        assert {one.channel for one in identities.of(tx, ann) if one.verified_at} == {"shop", "whatsapp"}
        assert links.of(tx, phone) == (link,)


def test_undoing_a_link_restores_both_sides_exactly(memory: Memory) -> None:
    """Everything each had is its own again, what it said meanwhile included; nothing of the other's is left."""
    ann, web, phone, app, link = _linked(memory)
    with memory.write() as tx:
        assert links.undo(tx, link.id, customer=ann, actor="customer", now=NOW)
    before = _snapshot(memory, ann), _snapshot(memory, phone)
    with memory.write() as tx:
        code = links.offer_code(tx, customer=ann, channel="shop", address="ann", now=NOW)
        again = links.redeem_code(tx, customer=phone, code=code, now=NOW, **PHONE).link
        assert again is not None
        # Said on the phone's conversation in the name of either.
        transcripts.append(tx, app, customer=ann, events=[{"event": "x"}], now=NOW)
        messages.record_turn(tx, app, customer=ann, message_id="k", said=Said("hello"), replies=[], now=NOW)
        grant = consent.require(tx, ann, Purpose.RESUME)
        assert threads.take(tx, grant, "t_phone", conversation=web, now=NOW) is not None
        assert threads.take(tx, grant, "t_phone", conversation=app, now=NOW) is not None
    with memory.write() as tx:
        assert links.undo(tx, again.id, customer=phone, actor="customer", now=NOW)
        assert _threads(tx, ann) == {"t_web"}
        assert _threads(tx, phone) == {"t_phone"}
    assert _snapshot(memory, ann) == before[0]
    after = _snapshot(memory, phone)
    changed = {name for name in after if after[name] != before[1][name]}
    assert changed == {"events", "messages", "turns", "conversations", "search_documents"}
    assert [row["text"] for row in after["messages"]] == ["hello"]


def test_erasing_one_side_of_a_former_link_leaves_no_trace_with_the_other(memory: Memory) -> None:
    """A task that they took up while both were one person stays with whom it belongs to, and names them no more."""
    ann, web, phone, _, link = _linked(memory)
    with memory.write() as tx:
        grant = consent.require(tx, ann, Purpose.RESUME)
        assert threads.take(tx, grant, "t_phone", conversation=web, now=NOW) is not None
        assert links.undo(tx, link.id, customer=ann, actor="customer", now=NOW)
    receipt = erasure.erase(memory, ann, now=NOW)
    assert (receipt.done_at, set(receipt.probes.values())) == (NOW, {0})
    with memory.read() as tx:
        (left,) = threads.open_for(tx, consent.require(tx, phone, Purpose.RESUME))
    assert (left.thread, left.conversation) == ("t_phone", "")


def test_a_wrong_code_is_counted_and_five_make_one_wait(memory: Memory) -> None:
    """Then even the right one is not taken, until an hour has passed."""
    ann, _ = somebody(memory)
    phone, _ = _person(memory, **PHONE)

    def _redeem(code: str, minutes: int = 0) -> str:
        with memory.write() as tx:
            now = NOW + timedelta(minutes=minutes)
            return links.redeem_code(tx, customer=phone, code=code, now=now, **PHONE).outcome

    with memory.write() as tx:
        code = links.offer_code(tx, customer=ann, channel="shop", address="ann", now=NOW)
    assert [_redeem("AAAAAAAA") for _ in range(6)] == ["wrong"] * 5 + ["wait"]
    assert _redeem(code) == "wait"
    with memory.write() as tx:
        code = links.offer_code(tx, customer=ann, channel="shop", address="ann", now=NOW + timedelta(minutes=59))
    assert _redeem(code, minutes=61) == "linked"


def test_a_code_works_once_and_for_ten_minutes(memory: Memory) -> None:
    """As it is read out, too: spaces, hyphens and case do not matter. It is not kept in plain."""
    ann, _ = somebody(memory)
    phone, _ = _person(memory, **PHONE)
    with memory.write() as tx:
        late = links.offer_code(tx, customer=ann, channel="shop", address="ann", now=NOW - timedelta(minutes=11))
        assert links.redeem_code(tx, customer=phone, code=late, now=NOW, **PHONE).outcome == "wrong"
        code = links.offer_code(tx, customer=ann, channel="shop", address="ann", now=NOW)
        spoken = f"{code[:4].lower()}-{code[4:]} "
        assert links.redeem_code(tx, customer=phone, code=spoken, now=NOW, **PHONE).outcome == "linked"
        assert links.redeem_code(tx, customer=phone, code=code, now=NOW, **PHONE).outcome == "wrong"
        assert code not in str(export.access_copy(tx, ann, now=NOW))


def test_a_code_is_sent_to_and_typed_at_ones_own_address_only(memory: Memory) -> None:
    """Another's address is refused at both ends."""
    ann, _ = somebody(memory)
    phone, _ = _person(memory, **PHONE)
    with memory.write() as tx:
        with pytest.raises(LinkRefused):
            links.offer_code(tx, customer=ann, now=NOW, **PHONE)
        with pytest.raises(LinkRefused):
            links.redeem_code(tx, customer=phone, channel="shop", address="ann", code="X", now=NOW)


def test_a_visitor_is_brought_along_by_a_signed_in_customer_only(memory: Memory) -> None:
    """Not by another visitor, not by an unverified address, and a customer is not a visitor."""
    ann, _ = somebody(memory)
    phone, _ = _person(memory, **PHONE)
    with memory.write() as tx:
        visitor, other = (identities.create_visitor(tx, now=NOW) for _ in range(2))
        for customer in (other, phone):
            with pytest.raises(LinkRefused):
                links.bring_along(tx, visitor=visitor, customer=customer, now=NOW)
        with pytest.raises(LinkRefused):
            links.bring_along(tx, visitor=ann, customer=ann, now=NOW)
        web = conversations.open(tx, customer=visitor, channel="web", now=NOW).id
        threads.save(tx, Half("t_visit"), customer=visitor, conversation=web, now=NOW)
        assert links.bring_along(tx, visitor=visitor, customer=ann, now=NOW).proof == "signed_in"
        assert _threads(tx, ann) == {"t_visit"}
        with pytest.raises(LinkRefused):
            links.bring_along(tx, visitor=visitor, customer=ann, now=NOW)


def test_a_refusal_of_either_side_counts_for_both(memory: Memory) -> None:
    """What one side granted before the link does not undo it; a grant after the link does."""
    ann, _ = somebody(memory)
    phone, _ = _person(memory, **PHONE)

    def _decide(tx: Tx, customer: str, decision: consent.Decision, hours: int) -> None:
        stated: dict[str, Any] = {"purpose": Purpose.ANALYTICS, "evidence": Evidence("button")}
        consent.decide(tx, customer, decision=decision, now=NOW + timedelta(hours=hours), **stated)

    with memory.write() as tx:
        _decide(tx, phone, "withdrawn", 0)
        _decide(tx, ann, "granted", 1)
        code = links.offer_code(tx, customer=ann, channel="shop", address="ann", now=NOW + timedelta(hours=2))
        links.redeem_code(tx, customer=phone, code=code, now=NOW + timedelta(hours=2), **PHONE)
        assert not consent.allows(tx, ann, Purpose.ANALYTICS)
        _decide(tx, ann, "granted", 3)
        assert consent.allows(tx, phone, Purpose.ANALYTICS)
        _decide(tx, ann, "withdrawn", 4)
        links.undo(tx, links.of(tx, ann)[0].id, customer=ann, actor="customer", now=NOW + timedelta(hours=5))
        assert not consent.allows(tx, phone, Purpose.ANALYTICS)


def test_three_joined_in_a_row_fall_into_the_right_parts(memory: Memory) -> None:
    """Undoing the link in the middle leaves the other link as it is."""
    ann, _ = somebody(memory)
    first, _ = _person(memory, "whatsapp", "1")
    second, _ = _person(memory, "sms", "2")
    with memory.write() as tx:
        code = links.offer_code(tx, customer=ann, channel="shop", address="ann", now=NOW)
        middle = links.redeem_code(tx, customer=first, channel="whatsapp", address="1", code=code, now=NOW).link
        code = links.offer_code(tx, customer=first, channel="whatsapp", address="1", now=NOW)
        links.redeem_code(tx, customer=second, channel="sms", address="2", code=code, now=NOW)
        assert len(identities.of(tx, ann)) == 3
        assert middle is not None
        links.undo(tx, middle.id, customer=second, actor="customer", now=NOW)
        assert {one.customer for one in identities.of(tx, ann)} == {ann}
        assert {one.customer for one in identities.of(tx, second)} == {first, second}
        assert not links.undo(tx, middle.id, customer=ann, actor="customer", now=NOW)


def test_a_stranger_cannot_undo_a_link(memory: Memory) -> None:
    """It takes one of the two."""
    *_, link = _linked(memory)
    bob, _ = somebody(memory, "bob")
    with memory.write() as tx:
        assert not links.undo(tx, link.id, customer=bob, actor="customer", now=NOW)


def test_a_child_on_either_side_makes_the_person_a_child(memory: Memory) -> None:
    """No profiling of a linked child."""
    ann, _, phone, _, _ = _linked(memory)
    with memory.write() as tx:
        identities.sign_in(tx, subject="ann", child=True, now=NOW)
        assert not consent.allows(tx, phone, Purpose.PERSONALISATION)
        assert not consent.allows(tx, ann, Purpose.PERSONALISATION)
