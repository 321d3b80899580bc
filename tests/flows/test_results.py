"""Slots that a flow does not collect but looks at: results of its actions, and what the session knows."""

from __future__ import annotations

from bot.flows import engine, loader

from .chat import Chat, says

FLOWS = loader.parse(
    {
        "a.yml": """
flows:
  drink:
    nlu_trigger: [{intent: order}]
    steps:
      - {id: product, collect: product}
      - {id: look, action: action_look_up}
      - {id: cup, collect: cup}
      - {id: milk, collect: milk, if: slots.asks contains "milk"}
      - {id: name, collect: name, if: slots.signed_in is null}
  beans:
    nlu_trigger: [{intent: reorder}]
    steps:
      - {id: beans, collect: product}
      - {id: look_beans, action: action_look_up}
      - {id: grind, collect: grind}
  sign_in:
    nlu_trigger: [{intent: link_identity}]
    steps:
      - {id: address, collect: address, from: text}
      - {id: link, action: action_sign_in}
"""
    }
)
RESULTS = {"action_look_up": {"asks": ["milk"]}, "action_sign_in": {"signed_in": True}}


def _at_cup() -> Chat:
    chat = Chat(FLOWS, slots={"asks": None, "signed_in": None}, results=RESULTS)
    chat.say(says("order", product="latte"))
    return chat


def test_results_come_back_after_a_flow_with_the_same_action() -> None:
    """What an action found out for the interrupted flow is not what it found out for the one that came between."""
    chat = _at_cup()
    chat.results = {"action_look_up": {"asks": ["grind"]}}
    chat.say(says("reorder", product="house_blend"))
    chat.say(says("inform", grind="fine"))
    chat.say(says("continue_task"))
    assert chat.slots["asks"] == ["milk"]
    assert chat.say(says("inform", cup="paper")) == ["utter_ask_milk"]


def test_news_of_the_session_stay_after_other_flows() -> None:
    """Who signs in while ordering is signed in when the order goes on."""
    chat = _at_cup()
    chat.say(says("link_identity"))
    chat.say(says("inform", "me@example.org"))
    chat.say(says("continue_task"))
    chat.say(says("inform", cup="paper"))
    assert chat.say(says("inform", milk="oat")) == []


def test_results_go_with_a_thread() -> None:
    """A thread resumed elsewhere has the results its flow looks at, whatever was found out there."""
    [left] = engine.open_threads(FLOWS, _at_cup().state, {"product": "latte", "asks": ["milk"]})
    here = Chat(FLOWS, slots={"asks": ["grind"]}, results=RESULTS)
    here.finish(engine.resume(FLOWS, here.state, left, slots=here.slots))
    assert here.say(says("inform", cup="paper")) == ["utter_ask_milk"]


def test_a_called_flow_that_links_leaves_nothing_behind() -> None:
    """What a called flow collected in a flow it linked to is reset with its caller."""
    flows = loader.parse(
        {
            "a.yml": """
flows:
  caller: {nlu_trigger: [{intent: order}], steps: [{id: c, call: called}, {id: q, collect: size}]}
  called: {steps: [{id: a, collect: milk}, {id: l, link: linked}]}
  linked: {steps: [{id: b, collect: cup}]}
"""
        }
    )
    chat = Chat(flows)
    chat.say(says("order", milk="oat"))
    assert chat.say(says("inform", cup="paper")) == ["utter_ask_size"]
    assert chat.known("milk", "cup") == ("oat", "paper")
    assert chat.say(says("change_order", cup="glass")) == ["utter_slot_corrected", "utter_ask_size"]
    chat.say(says("inform", size="large"))
    assert chat.known("milk", "cup", "size") == (None, None, None)


def test_answers_for_a_branch_not_taken_are_dropped_at_the_link() -> None:
    """What the first message answered for a flow that was not linked to does not linger."""
    flows = loader.parse(
        {
            "a.yml": """
flows:
  router:
    nlu_trigger: [{intent: order}]
    steps:
      - {noop: true, next: [{if: slots.product is null, then: one}, {else: other}]}
      - {id: one, link: drinks}
      - {id: other, link: beans}
  drinks: {steps: [{id: milk, collect: milk}]}
  beans: {steps: [{id: grind, collect: grind}]}
"""
        }
    )
    chat = Chat(flows)
    assert chat.say(says("order", grind="fine")) == ["utter_ask_milk"]
    assert chat.slots["grind"] is None


def test_two_questions_that_take_one_entity() -> None:
    """The open question has the first claim on an entity; otherwise the slot of its name."""
    flows = loader.parse(
        {
            "a.yml": """
flows:
  swap:
    nlu_trigger: [{intent: order}]
    steps:
      - {id: product, collect: product}
      - {id: instead, collect: instead, from: {entity: product}}
      - {id: why, collect: why}
"""
        }
    )
    chat = Chat(flows)
    chat.say(says("order", product="latte"))
    assert chat.say(says("inform", product="mocha")) == ["utter_ask_why"]
    assert chat.known("product", "instead") == ("latte", "mocha")
    assert chat.say(says("change_order", product="tea")) == ["utter_slot_corrected", "utter_ask_why"]
    assert chat.known("product", "instead") == ("tea", "mocha")
