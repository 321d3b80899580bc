"""Reading flow files: what is right becomes flows, what is wrong is told with file, line and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.flows import loader
from bot.flows.model import Collect, FlowErrors
from bot.mistakes import Mistake

HEAD = "flows:\n  a:\n    steps:\n"


def _mistakes(text: str) -> tuple[Mistake, ...]:
    with pytest.raises(FlowErrors) as caught:
        loader.parse({"a.yml": text})
    return caught.value.mistakes


@pytest.mark.parametrize(
    ("steps", "line", "message", "cure"),
    [
        ("      - collect: milk", 4, "has no id", "add an id"),
        ("      - {id: a, colect: milk}", 4, "none of", "exactly one"),
        ("      - {id: a, collect: milk, uter: utter_x}", 4, "no 'uter'", "'utter'"),
        ("      - {id: a, collect: milk, utter: hello}", 4, "neither be said nor run", "utter_x"),
        ("      - {id: a, collect: milk, next: b}", 4, "no step 'b'", "END"),
        ("      - id: a\n        collect: milk\n        next: milc", 6, "no step 'milc'", "id of a step"),
        ("      - {id: a, collect: milk}\n      - {id: a, collect: size}", 5, "taken by another step", "another id"),
        ("      - {id: a, collect: milk, next: [{if: slots.x = 1, then: END}]}", 4, "no else", "- else"),
        ("      - {id: a, collect: milk, next: [{else: END}, {else: END}]}", 4, "after else", "last"),
        ("      - {id: a, collect: milk, next: [{when: x}]}", 4, "a branch is", "- else"),
        ("      - {id: a, collect: milk, if: slots.x = oat}", 4, "column 11", '"oat"'),
        ("      - {id: a, collect: milk, from: telepathy}", 4, "cannot come from", "entity, bool"),
        ("      - {id: a, collect: milk, rejections: [{if: slots.x}]}", 4, "{if, utter}", "utter_"),
        ("      - {id: a, collect: milk, required: true, skippable: true}", 4, "cannot be skippable", "one of the two"),
        ("      - {id: a, collect: milk, ask_before_filling: maybe}", 4, "true or false", "true"),
        ("      - {id: a, offer: utter_x}", 4, "needs options", "options"),
        ("      - {id: a, offer: utter_x, options: [{set: {a: 1}}]}", 4, "needs a title", "title"),
        ("      - {id: a, offer: action_x, exit: nowhere}", 4, "no step 'nowhere'", "END"),
        ("      - {id: a, link: b, next: END}", 4, "has no next", "call"),
        ("      - {set_slots: [a]}", 4, "sets nothing", "slot: value"),
        ("      - {set_slots: [{stories: 1}]}", 4, "name of a slot", "small letters"),
        ("      - {id: END, action: utter_x}", 4, "id of a step", "letters"),
        ("      - {action: utter_x, consumes: memory}", 4, "nothing a step consumes", "preference"),
        ("      - {action: utter_x, aliases: b}", 4, "list of names", "[one, two]"),
        (
            "      - {id: b, action: utter_x, aliases: [c]}\n      - {action: utter_x, next: c}",
            5,
            "no step 'c'",
            "'b' now",
        ),
        ("      - action: utter_x\n       next: END", 5, "no YAML", "indentation"),
        ("      - action: utter_x\n        action: utter_y", 5, "given twice", "keep one"),
        ("      - {id: a, action: utter_x, next: 5}", 4, "no step to go to", "list of steps"),
        ("      - {id: a, offer: action_x, options: 5}", 4, "options are a list", "title"),
        (
            "      - {id: a, offer: action_x, options: [{title: A}, {title: B, id: '1'}]}",
            4,
            "another option",
            "another id",
        ),
        ("      - {id: a, offer: action_x, options: [{title: A, set: 5}]}", 4, "sets nothing", "slot: value"),
        ("      - {id: a, action: utter_x, description: 5}", 4, "must be a text", "quotes"),
        (
            "      - {action: utter_x, aliases: [b]}\n      - {action: utter_x, aliases: [b]}",
            5,
            "alias 'b'",
            "drop one",
        ),
        ("      []\n", 3, "has no steps", "list of steps"),
    ],
)
def test_a_mistake_is_told_with_line_and_cure(steps: str, line: int, message: str, cure: str) -> None:
    """Every kind of mistake names its line and what to do about it."""
    first = _mistakes(HEAD + steps)[0]
    assert (first.file, first.line) == ("a.yml", line)
    assert message in first.message
    assert cure in first.cure


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flows: {a: {nlu_triger: [], steps: [{action: utter_x}]}}", "no 'nlu_triger'"),
        (
            "flows: {a: {nlu_trigger: [{intent: {name: x, confidence_threshold: 2}}], steps: [{action: utter_x}]}}",
            "2 is no",
        ),
        ("flows: {a: {nlu_trigger: [{}], steps: [{action: utter_x}]}}", "names no intent"),
        ("flows: {a: {if: , steps: [{action: utter_x}]}}", "is empty"),
        ("flows: {a: {persisted_slots: milk, steps: [{action: utter_x}]}}", "list of names"),
        ("flows: {1a: {steps: [{action: utter_x}]}}", "id of a flow"),
        ("flows: {a: }", "is empty"),
        ("flow: {}", "holds no flows"),
        ("flows: {a: {steps: [{action: utter_x}]}}\nrules: []", "no 'rules'"),
        ("", "holds no flows"),
        ("a: &a [*a]", "nested too deeply"),
        ("flows: {[1]: 2}", "must be a word"),
    ],
)
def test_a_mistake_above_the_steps_is_told(text: str, message: str) -> None:
    """Mistakes in the head of a flow or a file are told too."""
    assert message in _mistakes(text)[0].message


def test_all_mistakes_are_told_at_once() -> None:
    """One run shows everything wrong in all files, in order."""
    with pytest.raises(FlowErrors) as caught:
        loader.parse({"b.yml": HEAD + "      - collect: x\n      - {id: q, offer: 1}", "a.yml": "flows: 3"})
    assert [(mistake.file, mistake.line) for mistake in caught.value.mistakes[:2]] == [("a.yml", 1), ("b.yml", 4)]
    assert len(caught.value.mistakes) >= 3


def test_a_flow_in_two_files_is_a_mistake() -> None:
    """The second flow of a name is told with the place of the first."""
    text = "flows: {a: {steps: [{action: utter_x}]}}"
    with pytest.raises(FlowErrors) as caught:
        loader.parse({"one.yml": text, "two.yml": text})
    assert "one.yml:1" in caught.value.mistakes[0].message


def test_a_folder_is_read_with_its_subfolders(tmp_path: Path) -> None:
    """Files anywhere below the folder are flows; a file that is no text is a mistake."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.yml").write_text("flows: {a: {steps: [{action: utter_x}]}}")
    assert list(loader.load(tmp_path).flows) == ["a"]
    (tmp_path / "b.yml").write_bytes(b"\xff\xfe")
    with pytest.raises(FlowErrors, match="cannot be read"):
        loader.load(tmp_path)


def test_an_absent_or_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    """A shop without flows cannot start unnoticed."""
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(FlowErrors):
            loader.load(folder)


def test_the_revision_follows_the_content() -> None:
    """Equal texts have equal revisions, others have others."""
    one, two = ("flows: {a: {steps: [{action: utter_x}]}}", "flows: {a: {steps: [{action: utter_y}]}}")
    assert loader.parse({"a.yml": one}).revision == loader.parse({"a.yml": one}).revision
    assert loader.parse({"a.yml": one}).revision != loader.parse({"a.yml": two}).revision


def test_answers_keep_the_words_of_the_file() -> None:
    """Dates stay texts, and keys such as `no` stay words."""
    text = HEAD + "      - {set_slots: [{day: 2026-01-02, no: 1}]}"
    step = next(iter(loader.parse({"a.yml": text}).flows["a"].steps.values()))
    assert step.values == (("day", "2026-01-02"), ("no", 1))


def test_steps_stand_in_file_order_and_lead_on() -> None:
    """Nested steps are steps like others; a step without next leads to the one behind it."""
    text = (
        HEAD
        + """
      - id: a
        collect: a
        next:
          - if: slots.a
            then:
              - {id: b, action: utter_b}
              - {id: c, action: utter_c}
          - else: d
      - {id: d, action: utter_d}
"""
    )
    flow = loader.parse({"a.yml": text}).flows["a"]
    assert list(flow.steps) == ["a", "b", "c", "d"]
    targets = {step.id: [branch.target for branch in step.next] for step in flow.steps.values()}
    assert targets == {"a": ["b", "d"], "b": ["c"], "c": ["END"], "d": ["END"]}


def test_steps_without_ids_get_their_own() -> None:
    """Two equal steps without ids are two steps, and a guard may be plainly true."""
    flow = loader.parse({"a.yml": "flows: {a: {if: true, steps: [{action: utter_x}, {action: utter_x}]}}"}).flows["a"]
    assert list(flow.steps) == ["_action_utter_x", "_action_utter_x_2"]
    assert flow.guard is not None
    assert flow.guard.holds({})


def test_a_flow_that_collects_can_be_resumed() -> None:
    """Resumable is on for a flow that collects, itself or by a call, unless the file says otherwise."""
    text = """
flows:
  asks: {steps: [{id: a, collect: a}]}
  calls: {steps: [{call: asks}]}
  answers: {steps: [{action: utter_x}]}
  brief: {resumable: false, steps: [{id: a, collect: a}]}
"""
    flows = loader.parse({"a.yml": text}).flows
    resumable = {flow.id: flow.resumable for flow in flows.values()}
    assert resumable == {"asks": True, "calls": True, "answers": False, "brief": False}


def test_defaults_of_a_collect() -> None:
    """A collect asks by its slot's wording, takes the entity of that name and can be skipped."""
    step = next(iter(loader.parse({"a.yml": HEAD + "      - {id: a, collect: milk}"}).flows["a"].steps.values()))
    assert isinstance(step, Collect)
    assert (step.ask, step.source.kind, step.source.entity, step.skippable) == (
        "utter_ask_milk",
        "entity",
        "milk",
        True,
    )
