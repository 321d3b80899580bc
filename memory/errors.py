"""Every way in which memory refuses, as one tree; nothing here carries what a customer said.

MemoryRefused
├── UnknownCustomer        no such customer, or one who was erased or is being erased
├── ConsentRefused         the purpose is not granted (this is also the answer to every doubt)
│   └── InvalidDecision    a decision that cannot be recorded as it stands
├── GateRefused            a statement that the gate does not let through
│   ├── Ungranted          no grant for this table in this transaction
│   ├── ForeignRow         a row of another customer
│   └── RawStatement       text, Core or otherwise unscoped SQL
├── FactRefused            a fact that may not be recorded as it stands
├── LinkRefused            two identities that may not be joined
├── AlreadyRecorded        this message id has its reply; read it with messages.find_reply
└── Conflict               a number or id that is already somebody's
"""


class MemoryRefused(Exception):
    """Memory will not do what was asked."""


class UnknownCustomer(MemoryRefused):
    """There is no such customer, or they were erased."""


class ConsentRefused(MemoryRefused):
    """The purpose is not granted."""

    def __init__(self, purpose: str, why: str = "not granted") -> None:
        super().__init__(f"{purpose}: {why}")
        self.purpose = purpose
        self.why = why


class InvalidDecision(ConsentRefused):
    """The decision cannot be recorded as it stands."""


class GateRefused(MemoryRefused):
    """The gate does not let a statement through."""


class Ungranted(GateRefused):
    """No grant for this table in this transaction."""


class ForeignRow(GateRefused):
    """The row belongs to another customer."""


class RawStatement(GateRefused):
    """Text, Core or otherwise unscoped SQL."""


class FactRefused(MemoryRefused):
    """The fact may not be recorded as it stands."""


class LinkRefused(MemoryRefused):
    """The two identities may not be joined."""


class AlreadyRecorded(MemoryRefused):
    """The message id was recorded before."""


class Conflict(MemoryRefused):
    """The number or id is already somebody's."""
