"""A turn is remembered whole: events, messages, choices and threads, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from memory_people import NOW, Half, somebody

from memory import Memory, choices, consent, conversations, messages, orders, questions, threads, tickets, transcripts
from memory.consent import Evidence, Purpose
from memory.errors import AlreadyRecorded, Conflict, ConsentRefused, ForeignRow
from memory.messages import Card, Option, Outgoing, Said


def test_events_come_back_in_order_behind_the_checkpoint(memory: Memory) -> None:
    """Loading gives the newest checkpoint and only what came after it."""
    customer, conversation = somebody(memory)
    for start in (0, 3):
        with memory.write() as tx:
            events = [{"event": "slot", "value": start + n} for n in range(3)]
            transcripts.append(tx, conversation, customer=customer, events=events, now=NOW)
    with memory.write() as tx:
        transcripts.save_checkpoint(tx, conversation, snapshot={"slots": {"a": 1}}, upto=2)
        transcripts.save_checkpoint(tx, conversation, snapshot={"slots": {"a": 2}}, upto=4)
    with memory.read() as tx:
        stored = transcripts.load(tx, conversation)
        whole = transcripts.read(tx, conversation)
    assert stored == transcripts.Stored({"slots": {"a": 2}}, [{"event": "slot", "value": n} for n in (4, 5)], 6)
    assert [number for number, _ in whole] == [1, 2, 3, 4, 5, 6]


def test_a_repeated_message_id_finds_the_reply_it_got(memory: Memory) -> None:
    """The reply to a retry is the first one, tokens and all, and it is not recorded twice."""
    customer, conversation = somebody(memory)
    replies = [
        Outgoing("Which size?", (Option("Large", {"set": {"size": "l"}}),)),
        Outgoing("Or a mug?", (), (_mug(),)),
    ]
    with memory.write() as tx:
        first = messages.record_turn(
            tx, conversation, customer=customer, message_id="k1", said=Said("a latte"), replies=replies, now=NOW
        )
    with memory.read() as tx:
        assert messages.find_reply(tx, conversation, "k1") == first
        assert messages.find_reply(tx, conversation, "k2") is None
        assert [m.wire()["from"] for m in messages.after(tx, conversation)] == ["customer", "assistant", "assistant"]
    with pytest.raises(AlreadyRecorded), memory.write() as tx:
        messages.record_turn(tx, conversation, customer=customer, message_id="k1", said=None, replies=[], now=NOW)
    assert (first.turn, first.said, [m.id for m in first.messages]) == (1, 1, [2, 3])


def _mug() -> Card:
    return Card("Mug", "Stoneware", "mug.png", "£12", (Option("Take it", {"flow": "order_gear"}),))


def test_a_choice_is_found_by_token_title_and_number(memory: Memory) -> None:
    """A token means its payload in its own conversation; what is typed means a choice of the last turn."""
    customer, conversation = somebody(memory)
    _, elsewhere = somebody(memory, "bob")
    large, small = Option("Large", {"set": {"size": "l"}}), Option("Small ", {"set": {"size": "s"}})
    with memory.write() as tx:
        reply = messages.record_turn(
            tx,
            conversation,
            customer=customer,
            message_id="k1",
            said=None,
            replies=[Outgoing("Size?", (large, small)), Outgoing("Or", (), (_mug(),))],
            now=NOW,
        )
        token = reply.messages[0].choices[1]["choice"]
        assert choices.resolve(tx, conversation, token) == small
        assert choices.resolve(tx, elsewhere, token) is None
        assert choices.resolve_typed(tx, conversation, " large. ") == {"set": {"size": "l"}}
        assert choices.resolve_typed(tx, conversation, "3", numbers=True) == {"flow": "order_gear"}
        assert choices.resolve_typed(tx, conversation, "3") is None
        messages.record_turn(
            tx, conversation, customer=customer, message_id="k2", said=Said("x"), replies=[Outgoing("?")], now=NOW
        )
        assert choices.resolve_typed(tx, conversation, "large") is None


def test_a_thread_is_taken_up_on_another_channel(memory: Memory) -> None:
    """What was left on one channel is open, with all its answers, on another; newest first."""
    customer, web = somebody(memory)
    with memory.write() as tx:
        app = conversations.open(tx, customer=customer, channel="app", now=NOW).id
        assert threads.save(tx, Half("t_1"), customer=customer, conversation=web, now=NOW)
        later = NOW + timedelta(minutes=1)
        assert threads.save(tx, Half("t_2"), customer=customer, conversation=web, now=later)
    with memory.write() as tx:
        grant = consent.require(tx, customer, Purpose.RESUME)
        assert [thread.thread for thread in threads.open_for(tx, grant)] == ["t_2", "t_1"]
        taken = threads.take(tx, grant, "t_1", conversation=app, now=NOW + timedelta(days=2))
        assert taken is not None
        assert (taken.conversation, dict(taken.slots)) == (app, Half().slots)
        assert [thread.thread for thread in threads.open_for(tx, grant)] == ["t_1", "t_2"]


@pytest.mark.parametrize("how", ["completed", "cancelled", "forgotten"])
def test_a_thread_that_ended_is_never_kept_again(memory: Memory, how: threads.Ending) -> None:
    """Saving it once more, as a late turn may, changes nothing; its answers are gone."""
    customer, web = somebody(memory)
    with memory.write() as tx:
        threads.save(tx, Half(), customer=customer, conversation=web, now=NOW)
        threads.close(tx, "t_1", how, customer=customer, now=NOW)
        assert not threads.save(tx, Half(), customer=customer, conversation=web, now=NOW)
        assert threads.open_for(tx, consent.require(tx, customer, Purpose.RESUME)) == ()


def test_a_thread_can_be_forgotten_before_it_was_kept(memory: Memory) -> None:
    """Then no later turn keeps it."""
    customer, web = somebody(memory)
    with memory.write() as tx:
        threads.forget(tx, "t_1", customer=customer, now=NOW)
        assert not threads.save(tx, Half(), customer=customer, conversation=web, now=NOW)


def test_without_resume_no_thread_is_kept_or_read(memory: Memory) -> None:
    """A withdrawal holds at once, in the same transaction."""
    customer, web = somebody(memory)
    with memory.write() as tx:
        threads.save(tx, Half(), customer=customer, conversation=web, now=NOW)
        refusal: dict[str, Any] = {
            "purpose": Purpose.RESUME,
            "decision": "withdrawn",
            "evidence": Evidence("button"),
            "now": NOW,
        }
        consent.decide(tx, customer, **refusal)
        with pytest.raises(ConsentRefused):
            consent.require(tx, customer, Purpose.RESUME)
        with pytest.raises(ConsentRefused):
            threads.save(tx, Half("t_2"), customer=customer, conversation=web, now=NOW)


def test_nobody_writes_into_another_customers_conversation(memory: Memory) -> None:
    """A conversation and a customer that do not belong together are refused."""
    ann, _ = somebody(memory)
    _, of_bob = somebody(memory, "bob")
    with memory.write() as tx:
        with pytest.raises(ForeignRow):
            transcripts.append(tx, of_bob, customer=ann, events=[{}], now=NOW)
        with pytest.raises(ForeignRow):
            messages.record_turn(tx, of_bob, customer=ann, message_id="k", said=Said("x"), replies=[], now=NOW)
        with pytest.raises(ForeignRow):
            threads.save(tx, Half(), customer=ann, conversation=of_bob, now=NOW)


def test_an_order_number_is_placed_once(memory: Memory) -> None:
    """The same number gives the same order; it can be changed, cancelled, and seen by its customer alone."""
    ann, conversation = somebody(memory)
    bob, _ = somebody(memory, "bob")
    order: dict[str, Any] = {
        "conversation": conversation,
        "number": "K-1042",
        "lines": [{"sku": "latte", "quantity": 1}],
        "fulfilment": "pickup",
        "total": 4.35,
        "currency": "GBP",
        "now": NOW,
    }
    with memory.write() as tx:
        placed = orders.place(tx, customer=ann, **order)
        assert orders.place(tx, customer=ann, **{**order, "total": 99}) == placed
        assert str(placed.total) == "4.35"
        assert placed.fulfilment == {"how": "pickup"}
        with pytest.raises(Conflict):
            orders.place(tx, customer=bob, **{**order, "conversation": None})
        assert orders.by_number(tx, "K-1042", customer=bob) is None
        changed = orders.change(tx, "K-1042", customer=ann, total=5, now=NOW)
        assert changed is not None
        assert (changed.state, str(changed.total)) == ("changed", "5.00")
        assert orders.cancel(tx, "K-1042", customer=bob, now=NOW) is None
        cancelled = orders.cancel(tx, "K-1042", customer=ann, now=NOW)
        assert cancelled is not None
        assert cancelled == orders.latest(tx, ann)
        assert orders.change(tx, "K-1042", customer=ann, total=5, now=NOW) is None


def test_a_ticket_has_a_number_and_an_answer_comes_back(memory: Memory) -> None:
    """It belongs to its customer alone; the same number opens nothing new."""
    ann, conversation = somebody(memory)
    bob, _ = somebody(memory, "bob")
    matter: dict[str, Any] = {"conversation": conversation, "kind": "complaint", "text": "cold coffee", "now": NOW}
    with memory.write() as tx:
        number = tickets.open(tx, customer=ann, **matter)
        assert tickets.open(tx, customer=ann, number=number, **matter) == number
        assert not tickets.answer(tx, number, customer=bob, owner="olga", text="sorry", now=NOW)
        assert tickets.answer(tx, number, customer=ann, owner="olga", text="sorry", now=NOW)
        assert [(t.number, t.state, t.answer) for t in tickets.for_customer(tx, ann)] == [(number, "answered", "sorry")]
        assert tickets.for_customer(tx, bob) == ()


def test_a_failed_block_leaves_nothing(memory: Memory) -> None:
    """A transaction that raises is rolled back whole."""
    customer, conversation = somebody(memory)

    def _fail_half_way() -> None:
        with memory.write() as tx:
            transcripts.append(tx, conversation, customer=customer, events=[{"a": 1}], now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _fail_half_way()
    with memory.read() as tx:
        assert transcripts.load(tx, conversation) == transcripts.Stored(None, [], 0)


def test_a_turn_reads_no_more_after_a_thousand_turns_than_after_twenty(sqlite_memory: Memory) -> None:
    """Choices shown, threads ended and questions settled long ago are not even looked at."""
    customer, conversation = somebody(sqlite_memory)
    _live(sqlite_memory, customer, conversation, range(20))
    few = _steps_of_a_turn(sqlite_memory, customer, conversation)
    _live(sqlite_memory, customer, conversation, range(20, 1000))
    many = _steps_of_a_turn(sqlite_memory, customer, conversation)
    assert many < 1.2 * few, (few, many)


def _live(memory: Memory, customer: str, conversation: str, turns: range) -> None:
    with memory.write() as tx:
        for turn in turns:
            half = Half(f"t{turn}")
            threads.save(tx, half, customer=customer, conversation=conversation, now=NOW)
            threads.close(tx, half.thread, "cancelled", customer=customer, now=NOW)
            questions.ask(tx, customer, conversation=conversation, question=f"q{turn % 3}", now=NOW)
            questions.settle(tx, customer, conversation=conversation, answers={}, asked=frozenset(("q0",)), now=NOW)
            replies = [Outgoing("And which milk?", (Option(f"Oat {turn}", {}), Option("Soy", {})))]
            key = f"k{turn}"
            said = {"message_id": key, "said": Said("a latte"), "replies": replies, "now": NOW}
            messages.record_turn(tx, conversation, customer=customer, **said)


def _steps_of_a_turn(memory: Memory, customer: str, conversation: str) -> int:
    """How many steps SQLite's machine takes for what a turn looks up."""
    taken = [0]

    def count() -> int:
        taken[0] += 1
        return 0

    with memory.write() as tx:
        connection = tx._connection.connection.dbapi_connection
        connection.set_progress_handler(count, 1)
        assert messages.find_reply(tx, conversation, "new") is None
        assert choices.resolve_typed(tx, conversation, "soy") == {}
        assert threads.open_for(tx, consent.require(tx, customer, Purpose.RESUME)) == ()
        transcripts.load(tx, conversation)
        messages.newest(tx, conversation, limit=5)
        questions.ask(tx, customer, conversation=conversation, question="q0", now=NOW)
        connection.set_progress_handler(None, 1)
    return taken[0]
