"""What holds for any flows and any messages."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.flows import engine, loader
from bot.flows.engine.work import STACK_LIMIT
from bot.flows.lint import lint
from bot.flows.model import Choice, Entity, FlowSet, Message, State, ThreadSnapshot
from bot.flows.replay import RecordedTurn, Recording, compare, replay

from .chat import FLOWS

SLOTS = ["a", "b", "c"]
STEPS = ["s0", "s1", "s2", "s3", "s4"]
NAMES = ["f0", "f1", "f2"]
INTENTS = [
    "start", "other", "ask", "inform", "change_order", "order_another", "affirm", "deny", "skip", "cancel",
    "start_over", "continue_task", "greet", "human", "choose", None,
]  # fmt: skip
VALUES = st.sampled_from(["x", "y", 1, 2.5, True, None])
CONDITIONS = st.sampled_from(
    ['slots.a = "x"', "slots.b is null", "slots.c > 1", "slots.flag", 'not slots.a in {"x" "y"}', "context.channel"]
)


def _targets(steps: list[str]) -> st.SearchStrategy[Any]:
    leaf = st.sampled_from([*steps, "END"])
    branch = st.fixed_dictionaries({"if": CONDITIONS, "then": leaf})
    branches = st.tuples(st.lists(branch, max_size=2), leaf).map(lambda pair: [*pair[0], {"else": pair[1]}])
    return st.none() | leaf | branches


@st.composite
def _steps(draw: st.DrawFn, step_id: str, steps: list[str]) -> dict[str, Any]:
    kind = draw(
        st.sampled_from(["collect", "collect", "collect", "action", "offer", "set_slots", "link", "call", "noop"])
    )
    step: dict[str, Any] = {"id": step_id}
    if kind == "collect":
        step["collect"] = draw(st.sampled_from(SLOTS))
        source = st.sampled_from(["entity", "bool", "text", {"entity": "a"}, {"intent": {"affirm": "x"}}])
        step |= draw(st.fixed_dictionaries({}, optional={"from": source, "ask_before_filling": st.booleans()}))
        extra = {"if": CONDITIONS, "required": st.just(True), "default": VALUES, "none": VALUES}
        step |= draw(st.fixed_dictionaries({}, optional=extra))
        if draw(st.booleans()):
            step["rejections"] = [{"if": draw(CONDITIONS), "utter": "utter_no"}]
    elif kind == "action":
        step |= {"action": draw(st.sampled_from(["action_x", "utter_y"])), "commits": draw(st.booleans())}
    elif kind == "offer":
        option = st.fixed_dictionaries({"title": st.just("T"), "set": st.dictionaries(st.sampled_from(SLOTS), VALUES)})
        step |= {"offer": "utter_o", "options": draw(st.lists(option, min_size=1, max_size=3))}
        if draw(st.booleans()):
            step["exit"] = draw(st.sampled_from([*steps, "END"]))
    elif kind == "set_slots":
        step["set_slots"] = [{draw(st.sampled_from(SLOTS)): draw(VALUES)}]
    elif kind == "noop":
        step["noop"] = True
    else:
        step[kind] = draw(st.sampled_from([*NAMES, "gone"]))
    target = draw(_targets(steps)) if kind != "link" else None
    return step if target is None else {**step, "next": target}


@st.composite
def _flow(draw: st.DrawFn) -> dict[str, Any]:
    steps = STEPS[: draw(st.integers(1, len(STEPS)))]
    intents = st.lists(st.sampled_from(["start", "other", "ask", "greet", "order_another", "human"]), max_size=3)
    flow: dict[str, Any] = {
        "nlu_trigger": [{"intent": intent} for intent in draw(intents)],
        "persisted_slots": draw(st.lists(st.sampled_from(SLOTS), max_size=1)),
        "steps": [draw(_steps(step, steps)) for step in steps],
    }
    if draw(st.booleans()):
        flow["resumable"] = draw(st.booleans())
    if draw(st.integers(0, 4)) == 0:
        flow["if"] = draw(CONDITIONS)
    return flow


@st.composite
def flow_sets(draw: st.DrawFn) -> FlowSet:
    return loader.parse({"a.yml": json.dumps({"flows": {name: draw(_flow()) for name in NAMES}})})


ENTITIES = st.builds(Entity, st.sampled_from([*SLOTS, "d"]), VALUES, st.sampled_from([None, None, "to", "from", "not"]))
CHOICES = st.builds(
    Choice,
    set=st.none() | st.dictionaries(st.sampled_from(SLOTS), VALUES),
    flow=st.sampled_from([None, *NAMES, "gone"]),
    step=st.sampled_from([None, *STEPS, "gone"]),
    option=st.sampled_from([None, "1", "2"]),
    action=st.sampled_from([None, None, "action_z"]),
    command=st.sampled_from([None, None, "cancel", "start_over", "skip", "continue"]),
)
MESSAGES = st.builds(
    Message,
    st.sampled_from(["", "hello", "x"]),
    st.sampled_from(INTENTS),
    st.sampled_from([0.2, 0.6, 0.9]),
    st.lists(ENTITIES, max_size=3).map(tuple),
    st.none() | st.none() | CHOICES,
)
TURNS = st.lists(st.lists(MESSAGES, min_size=1, max_size=3), max_size=8)
RESULTS = st.dictionaries(st.sampled_from(["flag", *SLOTS]), VALUES, max_size=2)


def _turn(flows: FlowSet, state: State, messages: list[Message], *, slots: dict[str, Any], new_id: Any) -> list[Any]:
    """All outcomes of a turn; asserts that it ends in a listen after at most 8 actions and survives JSON."""
    outcomes = [engine.receive(flows, state, messages, slots=slots, context={}, new_id=new_id)]
    while True:
        outcome = outcomes[-1]
        assert json.loads(json.dumps(outcome.arguments)) == outcome.arguments
        assert State.from_json(json.loads(json.dumps(outcome.state.to_json()))) == outcome.state
        slots.update(outcome.slots)
        if outcome.action is None:
            return outcomes
        assert len(outcomes) <= engine.ACTION_LIMIT
        outcomes.append(engine.proceed(flows, outcome.state, slots=slots, context={}, new_id=new_id))


def _conversation(flows: list[FlowSet], turns: list[list[Message]]) -> list[Any]:
    numbers = count()
    slots: dict[str, Any] = {"threads_waiting": 1, "flag": True}
    state, all_outcomes = State(), []
    for index, messages in enumerate(turns):
        current = flows[index % len(flows)]
        outcomes = _turn(current, state, messages, slots=slots, new_id=lambda: f"t_{next(numbers)}")
        state = outcomes[-1].state
        all_outcomes += outcomes
        for thread in engine.open_threads(current, state, slots):
            assert ThreadSnapshot.from_json(json.loads(json.dumps(thread.to_json()))) == thread
    return all_outcomes


@settings(max_examples=150, deadline=None)
@given(flow_sets(), TURNS)
def test_any_flows_and_messages_end_in_a_listen(flows: FlowSet, turns: list[list[Message]]) -> None:
    """The engine never raises, never runs more than 8 actions a turn, always ends in a listen; states survive JSON."""
    _conversation([flows], turns)


@settings(max_examples=50, deadline=None)
@given(flow_sets(), TURNS)
def test_equal_input_gives_equal_output(flows: FlowSet, turns: list[list[Message]]) -> None:
    """The engine is deterministic."""
    assert _conversation([flows], turns) == _conversation([flows], turns)


@settings(max_examples=80, deadline=None)
@given(flow_sets(), flow_sets(), TURNS)
def test_flows_may_change_under_a_conversation(one: FlowSet, other: FlowSet, turns: list[list[Message]]) -> None:
    """Exchanging the flows between turns never raises and never silences the dialogue."""
    _conversation([one, other], turns)


@settings(max_examples=50, deadline=None)
@given(flow_sets(), TURNS, TURNS)
def test_any_thread_resumes(flows: FlowSet, before: list[list[Message]], after: list[list[Message]]) -> None:
    """Any thread left by any conversation can be resumed and restarted in any other without harm to its own threads."""
    numbers = count()
    slots: dict[str, Any] = {}
    outcomes = [o for turn in before for o in _turn(flows, State(), turn, slots=slots, new_id=lambda: "t_kept")]
    kept = [t for o in outcomes[-1:] for t in engine.open_threads(flows, o.state, slots)]
    height = len(outcomes[-1].state.stack) if outcomes else 0
    here: dict[str, Any] = {}
    state = State()
    for turn in after:
        state = _turn(flows, state, turn, slots=here, new_id=lambda: f"t_{next(numbers)}")[-1].state
    mine = {thread.thread for thread in engine.open_threads(flows, state, here)}
    for thread in kept:
        for put in (engine.resume, engine.restart):
            outcome = put(flows, state, thread, slots=here)
            values = {**here, **outcome.slots}
            still = {t.thread for t in engine.open_threads(flows, outcome.state, values)}
            # The oldest falls off a full stack, by design; flows that call themselves fill one at once.
            assert mine <= still or len(state.stack) + height > STACK_LIMIT
    for thread_id in mine:
        outcome = engine.withdraw(flows, state, thread_id, slots=here)
        assert thread_id not in {frame.thread for frame in outcome.state.stack}


@settings(max_examples=50, deadline=None)
@given(flow_sets(), flow_sets())
def test_lint_judges_any_flows(one: FlowSet, other: FlowSet) -> None:
    """The linter never raises, and finds nothing that was removed between equal revisions."""
    lint(one, wording=set(), actions=set(), slots=set(), previous=other)
    assert not [finding for finding in lint(one, previous=one) if "removed" in finding.message]


@settings(max_examples=50, deadline=None)
@given(flow_sets(), TURNS, RESULTS)
def test_a_replay_repeats_itself(flows: FlowSet, turns: list[list[Message]], results: dict[str, Any]) -> None:
    """Replaying a recording twice gives equal outcomes, and a revision does not differ from itself."""
    recorded = tuple(RecordedTurn(tuple(turn), results={"action_x": results}) for turn in turns)
    assert replay(flows, recorded) == replay(flows, recorded)
    assert compare(flows, flows, [Recording("v_1", recorded)]) == []


@given(st.lists(MESSAGES, max_size=3))
def test_a_digression_gives_the_order_back_as_it_was(messages: list[Message]) -> None:
    """No question, whatever its entities, changes an answer of the order it interrupts."""
    numbers = count()
    slots: dict[str, Any] = {"stock_known": True}
    start = Message("", "order", 0.9, (Entity("product", "latte"), Entity("size", "large")))
    state = _turn(FLOWS, State(), [start], slots=slots, new_id=lambda: f"t_{next(numbers)}")[-1].state
    before = {slot: slots.get(slot) for slot in ("product", "size", "milk", "quantity")}
    for message in messages:
        entities = (*message.entities, Entity("milk", "oat"), Entity("product", "mocha"))
        question = Message("", "ask_stock", 0.9, entities)
        state = _turn(FLOWS, state, [question], slots=slots, new_id=lambda: f"t_{next(numbers)}")[-1].state
    assert {slot: slots.get(slot) for slot in before} == before
