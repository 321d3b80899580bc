"""Threads: what is kept of a half-done task, and how it goes on elsewhere."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.flows import engine
from bot.flows.model import EndedThread, ThreadSnapshot

from .chat import Chat, says


@pytest.fixture
def left() -> ThreadSnapshot:
    """A large latte, left when its milk was asked for; kept as JSON."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large"))
    return _kept(chat)[0]


def test_a_half_done_flow_is_an_open_thread(left: ThreadSnapshot) -> None:
    """A thread names its flow, the open question and the answers so far."""
    assert (left.thread, left.flow, left.step) == ("t_1", "order_drink", "milk")
    assert left.slots == {"product": "latte", "size": "large"}
    assert (left.description, left.summary_response) == ("the milk", "utter_summary_order_drink")


def test_a_flow_that_only_answers_is_no_thread() -> None:
    """Nothing is kept of a question that was answered."""
    chat = Chat()
    chat.say(says("opening_hours"))
    assert _kept(chat) == []


def test_a_thread_in_a_called_flow_is_its_callers() -> None:
    """A task left inside a flow it called is one thread, described by the open question."""
    chat = Chat()
    chat.say(says("return_product", order_number="K-1"))
    chat.say(says("inform", "broken"))
    [thread] = _kept(chat)
    assert (thread.flow, thread.step, thread.description) == ("return_product", "address", "the address")


def test_a_thread_resumes_in_another_conversation(left: ThreadSnapshot) -> None:
    """Resuming asks the open question with every answer kept, under the same thread."""
    chat = Chat()
    assert chat.finish(engine.resume(chat.flows, chat.state, left, slots=chat.slots)) == ["utter_ask_milk"]
    assert chat.known("product", "size") == ("latte", "large")
    assert chat.say(says("inform", milk="oat")) == ["utter_ask_quantity"]
    assert [thread.thread for thread in _kept(chat)] == ["t_1"]


def test_a_thread_resumes_inside_a_called_flow() -> None:
    """A task left in a called flow goes on there."""
    there = Chat()
    there.say(says("return_product", order_number="K-1"))
    there.say(says("inform", "broken"))
    here = Chat()
    assert here.finish(engine.resume(here.flows, here.state, _kept(there)[0], slots=here.slots)) == [
        "utter_ask_address"
    ]


def test_what_was_skipped_in_a_called_flow_is_not_asked_again() -> None:
    """Elsewhere the flow goes on behind the skipped question, and returns to its caller."""
    there = Chat()
    there.say(says("order_delivery"))
    assert there.say(says("skip")) == ["utter_ask_date"]
    here = Chat()
    assert here.finish(engine.resume(here.flows, here.state, _kept(there)[0], slots=here.slots)) == ["utter_ask_date"]
    assert here.say(says("inform", date="2026-05-05")) == ["action_deliver"]


def test_a_called_flow_that_was_edited_is_called_anew() -> None:
    """Its answers are kept, and what it has now is asked."""
    there = Chat()
    there.say(says("order_delivery"))
    there.say(says("skip"))
    [left] = _kept(there)
    edited = replace(left, called=({**left.called[0], "step": "gone"},))
    here = Chat()
    assert here.finish(engine.resume(here.flows, here.state, edited, slots=here.slots)) == ["utter_ask_note"]


def test_a_resumed_thread_leaves_what_was_open_below_it(left: ThreadSnapshot) -> None:
    """Resuming never destroys another half-done task."""
    chat = Chat()
    chat.new_id = lambda: "t_other"
    chat.say(says("order", product="mocha"))
    chat.finish(engine.resume(chat.flows, chat.state, left, slots=chat.slots))
    assert [(thread.thread, thread.slots["product"]) for thread in _kept(chat)] == [
        ("t_1", "latte"),
        ("t_other", "mocha"),
    ]


def test_resuming_what_is_on_the_stack_takes_it_on_top() -> None:
    """A thread that is half-done in this dialogue is not doubled."""
    chat = Chat()
    chat.say(says("order", product="latte"))
    chat.say(says("gift_card"))
    order = _kept(chat)[1]
    assert chat.finish(engine.resume(chat.flows, chat.state, order, slots=chat.slots)) == ["utter_ask_size"]
    assert [thread.flow for thread in _kept(chat)] == ["order_drink", "gift"]


def test_resuming_what_is_at_hand_asks_again() -> None:
    """Continuing the task at hand repeats its question and changes nothing."""
    chat = Chat()
    chat.say(says("order", product="latte"))
    assert chat.finish(engine.resume(chat.flows, chat.state, _kept(chat)[0], slots=chat.slots)) == ["utter_ask_size"]
    assert (chat.slots["product"], len(chat.state.stack)) == ("latte", 1)


def test_a_corrected_answer_works_after_resuming(left: ThreadSnapshot) -> None:
    """A resumed flow knows which questions it has gone through."""
    chat = Chat()
    chat.finish(engine.resume(chat.flows, chat.state, left, slots=chat.slots))
    assert chat.say(says("change_order", size="small")) == ["utter_slot_corrected", "utter_ask_milk"]


def test_skipped_questions_stay_skipped_after_resuming() -> None:
    """What was skipped before is not asked after."""
    there, here = Chat(), Chat()
    there.say(says("order", product="mocha", size="large", milk="oat"))
    there.say(says("skip"))
    here.finish(engine.resume(here.flows, here.state, _kept(there)[0], slots=here.slots))
    assert here.say(says("change_order", size="small")) == ["utter_slot_corrected", "utter_ask_quantity"]


def test_restarting_drops_the_answers(left: ThreadSnapshot) -> None:
    """Starting a thread over keeps its id and nothing else."""
    chat = Chat()
    said = chat.finish(engine.restart(chat.flows, chat.state, left, slots=chat.slots))
    assert said == ["utter_flow_started_over", "utter_ask_product"]
    assert (chat.state.stack[0].thread, chat.slots.get("product")) == ("t_1", None)


def test_withdrawing_forgets_a_thread_and_its_answers() -> None:
    """A forgotten thread is off the stack, its answers are gone, and what was below it is still there."""
    chat = Chat()
    chat.say(says("order", product="latte"))
    chat.say(says("gift_card", money=20.0))
    chat.finish(engine.withdraw(chat.flows, chat.state, "t_2", slots=chat.slots))
    assert [thread.flow for thread in _kept(chat)] == ["order_drink"]
    assert chat.slots["money"] is None


def test_a_thread_whose_flow_is_gone_ends_as_withdrawn(left: ThreadSnapshot) -> None:
    """Resuming what no longer exists says so and ends the thread."""
    from dataclasses import replace

    chat = Chat()
    gone = replace(left, flow="no_longer_sold")
    assert chat.finish(engine.resume(chat.flows, chat.state, gone, slots=chat.slots)) == ["utter_choice_expired"]
    assert chat.ended == [EndedThread("t_1", "withdrawn")]


def test_a_new_session_may_offer_threads_again() -> None:
    """Threads that wait elsewhere are offered once more in a new session."""
    chat = Chat(slots={"threads_waiting": 1})
    chat.say(says("greet"))
    chat.state = engine.new_session(chat.state)
    assert chat.say(says("greet")) == ["utter_greet", "action_offer_threads"]


def test_a_state_in_progress_is_small() -> None:
    """The state of an ordinary order takes about 200 bytes."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large", milk="oat"))
    assert len(json.dumps(chat.state.to_json())) < 220


def _kept(chat: Chat) -> list[ThreadSnapshot]:
    threads = engine.open_threads(chat.flows, chat.state, chat.slots)
    return [ThreadSnapshot.from_json(json.loads(json.dumps(thread.to_json()))) for thread in threads]
