"""The offering engine of the served process: always there, renewed in the background, never in a customer's way.

It begins with what the catalogue says by itself; what all customers together tell is added when it has been counted.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from bot.offering.catalogue import Catalogue
from bot.offering.choices import Engine
from bot.offering.index import Index, build_index
from bot.offering.orders import OrderLine
from bot.offering.rules import OfferRules
from bot.offers.tiers import order_lines
from memory import Memory


class Market:
    """`engine()` costs nothing; `learn` counts all purchases anew and takes seconds for a million."""

    def __init__(
        self,
        memory: Memory,
        *,
        files: Callable[[], Catalogue],
        shelf: Callable[[], Catalogue],
        rules: Callable[[], OfferRules],
        clock: Callable[[], datetime],
    ) -> None:
        """`files` gives the catalogue as written, `shelf` the same with what is left, `rules` what marketers wrote."""
        self._memory, self._files, self._shelf, self._rules, self._clock = memory, files, shelf, rules, clock
        self._built: tuple[Catalogue, OfferRules, Index] | None = None
        # Whether the index knows purchases: not at first, and not after the catalogue or the rules were edited.
        self.learned = False

    def engine(self) -> Engine:
        """The engine on the shelf of this moment. An edited catalogue counts at once, by what it says itself."""
        files, rules, built = self._files(), self._rules(), self._built
        if built is None or built[0] is not files or built[1] is not rules:
            built = self._build(files, rules, ())
            self.learned = False
        return Engine(self._shelf(), built[2], rules)

    def learn(self) -> None:
        """Count all purchases that may be used. Safe to call from any thread."""
        files, rules = self._files(), self._rules()
        with self._memory.read() as tx:
            self._build(files, rules, order_lines(tx))
        self.learned = True

    def _build(
        self, files: Catalogue, rules: OfferRules, lines: Iterable[OrderLine]
    ) -> tuple[Catalogue, OfferRules, Index]:
        self._built = (files, rules, build_index(files, lines, rules=rules, as_of=self._clock()))
        return self._built
