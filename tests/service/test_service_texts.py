"""On channels without buttons, what is known is a list of numbered lines."""

from shop_talk import MONDAY

from bot.channels.messaging import as_texts
from memory.messages import Shown


def _choices(*titles):
    return tuple({"title": title, "choice": title} for title in titles)


def test_choices_on_cards_are_numbered_as_the_gateway_counts_them():
    """A message's own choices first, then card by card, on through the whole reply."""
    card = {"title": "You never have sugar", "subtitle": "You told me", "choices": _choices("Not right", "Forget that")}
    shown = [
        Shown(1, "customer", "what do you know?", (), (), MONDAY),
        Shown(2, "assistant", "This:", _choices("Show more"), (card,), MONDAY),
        Shown(3, "assistant", "And?", _choices("Nothing"), (), MONDAY),
    ]
    assert as_texts(shown)[1:] == [
        "This:\n1. Show more\nYou never have sugar\nYou told me\n2. Not right\n3. Forget that",
        "And?\n4. Nothing",
    ]
