"""Twin fairness: the same customer as MVC, STANDARD and BZ hears the same, but for benefits with a reason and a path.

Every flow of the shop is talked through; a flow without a script here fails the test.
"""

import re
from decimal import Decimal

import pytest
from shop_talk import FLOWS

from bot.offering.fairness import TWINS, Fault, Treatment, check_benefits, twin_check
from memory import consent, profiles, purchases
from memory.consent import Purpose
from memory.purchases import Line

LATTE = (("product", "latte"), ("size", "large"), ("milk", "oat"))
PICK_UP = ("fulfilment", "pickup")
DELIVER = ("fulfilment", "delivery")
BEANS = (("product", "hover_blend"), ("size", "250g"), ("grind", "filter"))
# Turns: (text, intent, *entities), or the title of a button.
SCRIPTS = {
    "order": [("a large oat latte", "order", *LATTE, PICK_UP), "Yes, order it"],
    "order_delivered": [("beans to munich", "order", *BEANS, DELIVER), ("Marienplatz 1", "inform"),
                        ("80331 Munich", "inform"), "Yes, order it"],
    "order_added": [("a large oat latte", "order", *LATTE, PICK_UP), "Add something"],
    "order_more": [("a latte", "order", ("product", "latte")), ("and an espresso", "order_another",
                                                               ("product", "espresso"))],
    "gift_card": [("a gift card", "gift_card"), "Kestrel Gift Card"],
    "reorder": [("the usual", "reorder")],
    "change_placed": [("a large oat latte", "order", *LATTE, PICK_UP), "Yes, order it",
                      ("make it soy", "change_order", ("milk", "soy")), "Yes, change it"],
    "cancel_placed": [("a large oat latte", "order", *LATTE, PICK_UP), "Yes, order it",
                      ("cancel it", "cancel_order"), "Yes, cancel it"],
    "cancel_which": [("a large oat latte", "order", *LATTE, PICK_UP), ("cancel my order", "cancel_order")],
    "order_status": [("where is my order", "order_status")],
    "recall_orders": [("what did i have", "recall_orders")],
    "subscribe": [("a subscription", "subscribe", ("product", "monthly_explorer"), ("size", "250g"),
                   ("grind", "filter")), ("Marienplatz 1, 80331 Munich", "inform"), "Yes, start it"],
    "cancel_subscription": [("end my subscription", "cancel_subscription")],
    "recommend": [("recommend something", "recommend"), "Something else", ("why this", "why_this")],
    "recommend_gift": [("a present", "recommend_gift")],
    "whats_new": [("what's new", "whats_new")],
    "cheaper": [("anything cheaper", "cheaper")],
    "not_that_again": [("recommend something", "recommend"), ("not that again", "not_that_again"), "All of these"],
    "why_this": [("why this", "why_this")],
    "why_not_benefit": [("why no free shipping", "why_not_benefit"), ("why no early access", "why_not_benefit")],
    "how_to_qualify": [("how do i get there", "how_to_qualify")],
    "complaint": [("my coffee was cold and i waited for half an hour", "complaint")],
    "human": [("a person please", "human"), ("it is about my bill", "inform")],
    "return_product": [("i want to return the grinder", "return_product"), ("it squeaks", "inform")],
    "price": [("what is a latte", "ask_price", ("product", "latte"))],
    "stock": [("do you have mocha", "ask_stock", ("product", "mocha"))],
    "out_of_stock": [("coconut latte", "order", ("product", "latte"), ("milk", "coconut"), ("size", "large"))],
    "menu": [("the menu", "ask_menu", ("category", "gear"))],
    "out_of_scope": [("do you sell fridges", "out_of_scope")],
    "greet": [("hi", "greet")],
    "bot_challenge": [("are you a bot", "bot_challenge")],
    "insult": [("you idiot", "insult")],
}  # fmt: skip
# Wording that speaks of a benefit: the only messages in which twins may differ, with the words that give the reason and
# those that give the way.
BENEFIT = {
    "utter_ask_confirmed": (r"Delivery is on us: .+|with €\d+\.\d\d for the delivery", r"It would be free with .+"),
    "utter_order_placed_delivery": (r"The total is €\d+\.\d\d", r"The total is €\d+\.\d\d"),
    "utter_benefit_told": (r"(You have|comes with) .+", r"ways, which are open to anyone: .+"),
    "utter_to_come": (r"(You have|comes with) .+", r"ways, which are open to anyone: .+"),
    "utter_benefits": (r"(You have|comes with) .+", r"ways, which are open to anyone: .+"),
}


def _twin(talk_as, memory, tier, script):
    """Somebody with six purchases, in this tier."""
    name = f"{script} {tier}"
    now = talk_as(name).clock()
    lines = [
        Line(f"{script}{n}", name, now.replace(day=10 + n), "flat_white", 1, Decimal("3.40"), nth=0)
        for n in range(3, 9)
    ]
    with memory.write() as tx:
        purchases.record_lines(tx, lines)
    talk = talk_as(name)
    with memory.write() as tx:
        grant = consent.require(tx, talk.customer, Purpose.PERSONALISATION)
        profiles.record(tx, grant, tier=tier, figures={}, reasons=[], now=now)
    return talk


def _talk_through(talk, turns):
    for turn in turns:
        said = talk.tap(turn) if isinstance(turn, str) else talk.say(*turn)
        yield from said


def _treatments(messages):
    for place, message in enumerate(messages):
        text = re.sub(r"\b[KT]-[2-9B-Z]{6}\b", "NUMBER", message.text)
        aspect, (reason, path) = "reply", (None, None)
        if message.name in BENEFIT:
            aspect, (reason, path) = "benefit", (_found(pattern, text) for pattern in BENEFIT[message.name])
        yield Treatment(aspect, f"{place} {message.name}", " | ".join([text, *message.choices]), reason, path)


def _found(pattern, text):
    found = re.search(pattern, text)
    return found.group() if found else None


@pytest.mark.parametrize("script", SCRIPTS)
def test_twins_differ_only_in_benefits_with_a_reason_and_a_path(talk_as, memory, script):
    """As MVC, STANDARD and BZ, turn by turn."""

    def treat(tier):
        talk = _twin(talk_as, memory, tier.value, script)
        return list(_treatments(_talk_through(talk, SCRIPTS[script])))

    assert twin_check(treat) == ()


def test_the_check_would_find_an_unfair_shop(talk_as, memory):
    """A reply that depends on the tier is a finding."""

    def treat(tier):
        talk = _twin(talk_as, memory, tier.value, "unfair")
        text = "We are closed." if tier.value == "BZ" else "We are open."
        return [*_treatments(talk.say("hi", "greet")), Treatment("reply", "hours", text)]

    (finding,) = twin_check(treat)
    assert finding.fault is Fault.NO_REASON


def test_every_flow_that_can_treat_people_differently_is_talked_through(talk_as, memory):
    """Flows of other topics never look at a tier: none of their actions knows one."""
    ran = set()
    for script in SCRIPTS:
        talk = _twin(talk_as, memory, "BZ", f"{script} ran")
        list(_talk_through(talk, SCRIPTS[script]))
        ran.update(talk.ran)
    named = {step.action for flow in FLOWS.flows.values() for step in flow.steps.values() if hasattr(step, "action")}
    untouched = {name for name in named - ran if name.startswith("action_")}
    assert {name for name in untouched if _looks_at_tiers(talk.actions[name])} == set()


def _looks_at_tiers(action):
    import inspect

    module = inspect.getmodule(type(action))
    return any(name in vars(module) for name in ("know", "AboutBenefits", "Showing", "standing", "profiles"))


def test_the_benefits_of_the_shop_are_fair_to_somebody_who_has_done_nothing(talk_as):
    """For each of the twins a reason and a way."""
    assert check_benefits(talk_as("nobody").engine.rules) == ()
    assert [tier.value for tier in TWINS] == ["MVC", "STANDARD", "BZ"]
