"""The jobs that join memory and the offering engine: taking orders and catalogues in, tiers, stock, the live engine.

OffersError
  CatalogueRefused   a catalogue that was handed in cannot be published (catalogue)
  NoSuchCustomer     a command names somebody of whom nothing is known
"""


class OffersError(Exception):
    """Anything that these jobs refuse."""


class NoSuchCustomer(OffersError):
    """Somebody of whom nothing is known that the job could rest on."""
