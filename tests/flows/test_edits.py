"""Flow files that are edited while customers are in the middle of them."""

from __future__ import annotations

from bot.flows import loader
from bot.flows.model import EndedThread, FlowSet

from .chat import Chat, says


def _flows(*steps: str) -> FlowSet:
    lines = "\n".join(f"      - {step}" for step in steps)
    text = f"flows:\n  order:\n    nlu_trigger: [{{intent: order}}]\n    steps:\n{lines}\n"
    return loader.parse({"a.yml": text})


BEFORE = _flows("{id: product, collect: product}", "{id: milk, collect: milk}", "{id: size, collect: size}")


def _at_milk() -> Chat:
    chat = Chat(BEFORE, slots={})
    chat.say(says("order", product="latte"))
    return chat


def test_a_renamed_step_is_found_by_its_alias() -> None:
    """A conversation goes on at the step that carries the former id."""
    chat = _at_milk()
    chat.flows = _flows(
        "{id: product, collect: product}",
        "{id: which_milk, collect: milk, aliases: [milk]}",
        "{id: size, collect: size}",
    )
    assert chat.say(says("inform", milk="oat")) == ["utter_ask_size"]


def test_without_an_alias_the_first_open_question_is_asked() -> None:
    """When the step is gone, the flow goes on at its first question without an answer."""
    chat = _at_milk()
    chat.flows = _flows("{id: product, collect: product}", "{id: cup, collect: cup}", "{id: size, collect: size}")
    assert chat.say(says("inform", size="large")) == ["utter_ask_cup"]


def test_a_flow_that_is_gone_ends_as_withdrawn() -> None:
    """When the flow is gone, its thread ends and the message is understood without it."""
    chat = _at_milk()
    chat.flows = loader.parse({"b.yml": "flows: {x: {nlu_trigger: [{intent: greet}], steps: [{action: utter_hi}]}}"})
    assert chat.say(says("greet")) == ["utter_hi"]
    assert chat.ended == [EndedThread("t_1", "withdrawn")]


def test_a_step_of_another_kind_is_run_from_its_beginning() -> None:
    """A question that became an action is run, not waited for."""
    chat = _at_milk()
    chat.flows = _flows(
        "{id: product, collect: product}", "{id: milk, action: action_warm}", "{id: size, collect: size}"
    )
    assert chat.say(says("inform", product="mocha")) == ["utter_slot_corrected", "action_warm", "utter_ask_size"]


def test_a_committed_flow_without_its_question_is_over() -> None:
    """When nothing is left to ask of an order that was placed, an edit does not place it again."""
    before = _flows("{id: place, action: action_place, commits: true}", "{id: note, collect: note, from: text}")
    chat = Chat(before)
    assert chat.say(says("order")) == ["action_place", "utter_ask_note"]
    chat.flows = _flows("{id: place, action: action_place, commits: true}")
    assert chat.say(says("continue_task")) == []
    assert chat.state.stack == ()


def test_a_called_step_that_is_gone_keeps_its_caller() -> None:
    """When the open question of a called flow is gone, the task goes on at the next question of that flow."""
    text = """
flows:
  a: {{nlu_trigger: [{{intent: order}}], steps: [{{id: c, call: b}}, {{id: q, collect: size}}]}}
  b: {{steps: [{{id: {step}, collect: {step}}}, {{id: last, collect: cup}}]}}
"""
    chat = Chat(loader.parse({"a.yml": text.format(step="milk")}))
    chat.say(says("order"))
    chat.flows = loader.parse({"a.yml": text.format(step="syrup")})
    assert chat.say(says("continue_task")) == ["utter_ask_syrup"]
    chat.say(says("inform", syrup="vanilla", cup="paper"))
    assert [(frame.flow, frame.step) for frame in chat.state.stack] == [("a", "q")]


def test_an_edit_within_a_turn_does_no_harm() -> None:
    """Flows may change between an action and the next step."""
    from bot.flows import engine
    from bot.flows.model import Message

    outcome = engine.receive(BEFORE, Chat().state, [Message("", "order")], slots={}, new_id=lambda: "t_1")
    other = _flows("{id: cup, collect: cup}")
    following = engine.proceed(other, outcome.state, slots={}, new_id=lambda: "t_2")
    assert following.action == "utter_ask_cup"


def test_a_flow_in_circles_is_given_up() -> None:
    """A flow that goes round without asking is ended as withdrawn, and the failure is said."""
    flows = _flows("{id: a, noop: true, next: b}", "{id: b, set_slots: [{x: 1}], next: a}")
    assert Chat(flows).say(says("order")) == ["utter_action_failed"]


def test_actions_in_circles_stop_at_eight() -> None:
    """A flow that runs action after action listens after eight, and goes on at the next message."""
    chat = Chat(_flows("{id: a, action: action_a, next: b}", "{id: b, action: action_b, next: a}"))
    assert len(chat.say(says("order"))) == 8
    assert len(chat.say(says("order"))) == 8


def test_flows_that_call_each_other_come_to_an_end() -> None:
    """Calls in a circle neither grow the stack without bound nor raise."""
    text = """
flows:
  a: {nlu_trigger: [{intent: order}], steps: [{id: c, call: b}, {id: q, collect: milk}]}
  b: {steps: [{id: c, call: a}]}
"""
    chat = Chat(loader.parse({"a.yml": text}))
    assert chat.say(says("order"))[-1] == "utter_ask_milk"
    assert len(chat.state.stack) <= 9


def test_a_link_to_nowhere_ends_the_flow() -> None:
    """A link to a flow that is gone ends the flow as completed."""
    chat = Chat(_flows("{id: q, collect: milk}", "{id: l, link: gone}"))
    chat.say(says("order"))
    assert chat.say(says("inform", milk="oat")) == []
    assert chat.ended == [EndedThread("t_1", "completed")]
