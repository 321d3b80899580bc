"""What the assistant can do for a shop, one file a topic."""

from collections.abc import Iterator
from importlib import import_module

from actions.base import Shop, ShopAction

__all__ = ["Shop", "ShopAction", "build"]

TOPICS = (
    "asking",
    "benefits",
    "checking",
    "correcting",
    "erasing",
    "explaining",
    "greeting",
    "knowledge",
    "linking",
    "needing",
    "ordering",
    "owning",
    "orders_placed",
    "privacy",
    "protecting",
    "quarantine",
    "recalling",
    "recommending",
    "requests",
    "shop_questions",
    "subscriptions",
    "telling",
    "threads",
    "tickets",
)


def build(shop: Shop) -> list[ShopAction]:
    """Every custom action, ready to run in `shop`."""
    return [kind(shop) for topic in TOPICS for kind in _actions_of(topic)]


def _actions_of(topic: str) -> Iterator[type[ShopAction]]:
    """The action classes a topic defines; a name with an underscore is a base of several actions and none itself."""
    module = import_module(f"actions.{topic}")
    for name, kind in vars(module).items():
        own = isinstance(kind, type) and issubclass(kind, ShopAction) and kind.__module__ == module.__name__
        if own and not name.startswith("_"):
            yield kind
