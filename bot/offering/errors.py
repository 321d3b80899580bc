"""The one tree of refusals of this package, so that a caller can catch them all or one.

OfferingError
  ModelError        histories cannot carry a fit (value)
  OrdersError       a file of orders has no usable header (orders)
  CatalogueErrors   the files of a catalogue hold mistakes, all of them listed (catalogue_files)
  RulesError        data/offering/*.yml hold mistakes, all of them listed (rules_files)
"""

from __future__ import annotations

from bot.mistakes import Mistakes


class OfferingError(Exception):
    """Anything this package refuses."""


class ModelError(OfferingError):
    """The histories given cannot carry a fit."""


class OrdersError(OfferingError):
    """A file of orders cannot be read at all; single bad rows are reported instead, never raised."""


class CatalogueErrors(Mistakes, OfferingError):
    """The files of a catalogue cannot be used."""


class RulesError(Mistakes, OfferingError):
    """data/offering/*.yml cannot be used."""
