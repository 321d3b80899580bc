"""What the linter finds, each with what to do about it."""

from __future__ import annotations

import pytest

from bot.flows import loader
from bot.flows.lint import SYSTEM_ACTIONS, SYSTEM_WORDING, lint

from .chat import FLOWS

HEAD = "flows:\n  a:\n    nlu_trigger: [{intent: order}]\n    steps:\n"


def _found(steps: str, **known) -> list[tuple[int, str, str]]:
    findings = lint(loader.parse({"a.yml": HEAD + steps}), **known)
    return [(finding.line, finding.severity, finding.message) for finding in findings]


def test_sound_flows_have_no_findings() -> None:
    """Flows that are in order pass, with every name known."""
    assert lint(FLOWS, previous=FLOWS) == []


@pytest.mark.parametrize(
    ("steps", "line", "message"),
    [
        ("      - {action: utter_x, next: END}\n      - {action: utter_y}", 6, "never reached"),
        ("      - {id: q, collect: q}\n      - {id: l, link: a}\n      - {action: utter_y}", 7, "never reached"),
        ("      - {call: aa}", 5, "no flow 'aa'"),
        ("      - {id: x, action: action_x, next: y}\n      - {id: y, noop: true, next: x}", 5, "in circles"),
        ("      - {id: x, set_slots: [{b: 1}], next: x}", 5, "asking: x -> x"),
        ("      - {id: x, action: utter_x}\n      - {id: l, link: a}", 6, "in circles"),
        ("      - {id: x, noop: true, next: [{if: slots.b, then: END}, {else: END}]}", 5, "'b' is looked at"),
        ("      - {id: x, action: action_x, consumes: preference}", 5, "without offering a choice"),
        ("      - {id: x, collect: x, consumes: preference}", 5, "without offering a choice"),
        ("      - {id: x, offer: action_x, consumes: preference}", 5, "has no exit"),
    ],
)
def test_what_will_not_do_is_found(steps: str, line: int, message: str) -> None:
    """Each kind of flaw is found on its line, as an error."""
    [found] = _found(steps)
    assert found[:2] == (line, "error")
    assert message in found[2]


@pytest.mark.parametrize(
    "steps",
    [
        "      - {id: x, collect: x, next: y}\n      - {id: y, action: action_y, next: x}",
        "      - {id: x, offer: action_x, exit: END, next: y}\n      - {id: y, action: action_y, next: x}",
        "      - {id: x, offer: action_x, exit: END, consumes: preference}",
        "      - {id: x, action: action_x, next: [{if: slots.b, then: END}, {else: END}]}",
    ],
)
def test_what_will_do_is_not_found(steps: str) -> None:
    """Circles with a question, choices with an exit, and results of actions are in order."""
    assert _found(steps) == []


def test_a_preference_needs_two_options() -> None:
    """An offer that uses a preference shows at least two options."""
    offer = "      - {id: x, offer: utter_x, consumes: preference, exit: END, options: [{title: The usual, set: {b: 1}}"
    assert "fewer than 2 options" in _found(offer + "]}")[0][2]
    assert _found(offer + ", {title: Another, set: {b: 2}}]}") == []


def test_a_flow_that_uses_a_preference_says_where() -> None:
    """A flow marked as using a preference must have the offer that does."""
    text = "flows: {a: {consumes: preference, nlu_trigger: [{intent: reorder}], steps: [{action: utter_x}]}}"
    assert "no step says where" in lint(loader.parse({"a.yml": text}))[0].message


def test_missing_words_actions_and_slots_are_found() -> None:
    """What a flow says, runs, collects and looks at must exist."""
    steps = (
        "      - {id: x, collect: milk, rejections: [{if: slots.n > 2, utter: utter_no}]}\n      - action: action_chek"
    )
    found = _found(steps, wording=set(SYSTEM_WORDING), actions={*SYSTEM_ACTIONS, "action_check"}, slots={"x"})
    messages = " ".join(message for _, _, message in found)
    for name in ("utter_ask_milk", "utter_no", "utter_summary_a", "action_chek", "slot 'milk'", "slot 'n'"):
        assert name in messages
    assert len(found) == 6


def test_words_may_also_be_responses_of_the_domain() -> None:
    """A response of domain.yml counts as wording."""
    names = {*SYSTEM_WORDING, "utter_x"}
    assert _found("      - action: utter_x", wording=set(), responses=names) == []


def test_what_the_engine_says_itself_must_exist() -> None:
    """The wording and the actions of the engine are looked for too."""
    found = _found("      - action: utter_x", wording={"utter_x"}, actions=set())
    assert len(found) == len(SYSTEM_WORDING) + len(SYSTEM_ACTIONS)


def test_two_flows_with_one_trigger_need_a_guard() -> None:
    """A trigger that starts two flows without guard is found; with a guard on one it is in order."""
    text = "flows: {{a: {{{guard} nlu_trigger: [{{intent: i}}], steps: [{{action: utter_x}}]}}, {b}}}"
    b = "b: {nlu_trigger: [{intent: i}], steps: [{action: utter_x}]}"
    assert "never starts this one" in lint(loader.parse({"a.yml": text.format(guard="", b=b)}))[0].message
    assert lint(loader.parse({"a.yml": text.format(guard="if: slots.x,", b=b)})) == []


def test_a_removed_question_needs_an_alias() -> None:
    """A question removed since the running revision is found unless a step carries its name."""
    before = loader.parse({"a.yml": HEAD + "      - {id: milk, collect: milk}"})
    after = loader.parse({"a.yml": HEAD + "      - {id: which, collect: milk}"})
    renamed = loader.parse({"a.yml": HEAD + "      - {id: which, collect: milk, aliases: [milk]}"})
    [finding] = lint(after, previous=before)
    assert (finding.severity, finding.step) == ("error", "milk")
    assert "aliases: [milk]" in finding.cure
    assert lint(renamed, previous=before) == []


def test_a_slot_no_longer_collected_is_found_where_it_is_used() -> None:
    """Removing a question whose answer is still looked at is found."""
    before = HEAD + "      - {id: m, collect: milk}\n      - {id: s, action: action_s, next: [{else: END}]}"
    after = HEAD + "      - {id: s, action: action_s, aliases: [m], next: [{if: slots.milk, then: END}, {else: END}]}"
    findings = lint(loader.parse({"a.yml": after}), previous=loader.parse({"a.yml": before}))
    assert ["no longer collects" in finding.message for finding in findings] == [True]


def test_a_removed_flow_with_threads_is_a_warning() -> None:
    """Removing a flow that can be half-done is told."""
    before = loader.parse({"a.yml": HEAD + "      - {id: milk, collect: milk}"})
    after = loader.parse({"a.yml": "flows: {b: {nlu_trigger: [{intent: order}], steps: [{action: utter_x}]}}"})
    [finding] = lint(after, previous=before)
    assert finding.severity == "warning"
    assert "'a' is removed" in str(finding)
