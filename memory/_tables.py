"""The tables. Every row that is about a customer carries its customer, first in its key wherever a turn reads it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, MetaData, String, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from memory._types import Money, PlainString, PlainText, UtcTime

# One customer's rows lie side by side in the file: reading them costs the same however many customers there are.
CLUSTERED = {"sqlite_with_rowid": False}
_BIG_ID = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """All tables of memory."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class.
        datetime: UtcTime,
        Decimal: Money,
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
        str: PlainString,
    }


class OfCustomer:
    """A row that is about a customer. The foreign key also keeps out late writes about somebody who was erased."""

    @declared_attr
    def customer(cls) -> Mapped[str]:
        return mapped_column(String, ForeignKey("customers.id"), index=not hasattr(cls, "customer_leads_an_index"))


class OfCustomerKey:
    """The same, where the customer leads the primary key: their rows lie side by side in the file."""

    __table_args__: Any = (CLUSTERED,)

    @declared_attr
    def customer(cls) -> Mapped[str]:
        return mapped_column(String, ForeignKey("customers.id"), primary_key=True, sort_order=-10)


class OfConversation(OfCustomerKey):
    """A row of one conversation, whose rows lie side by side among the customer's."""

    @declared_attr
    def conversation(cls) -> Mapped[str]:
        return mapped_column(PlainString, primary_key=True, sort_order=-9)


class CustomerRow(Base):
    __tablename__ = "customers"
    __table_args__ = (CLUSTERED,)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    lang: Mapped[str | None]
    tz: Mapped[str | None]
    child: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    # Set first when somebody is erased: from then on nothing of theirs is read or written.
    blocked_at: Mapped[datetime | None]
    # The receipt of the erasure under way.
    erasure: Mapped[str | None] = mapped_column(index=True)
    # Shared by all customers that are joined by active links; null for the many that are not.
    person: Mapped[str | None] = mapped_column(index=True)


class IdentityRow(OfCustomer, Base):
    __tablename__ = "identities"
    __table_args__ = (CLUSTERED,)

    channel: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]


class ConversationRow(OfCustomer, Base):
    __tablename__ = "conversations"
    customer_leads_an_index = True
    __table_args__ = (UniqueConstraint("customer", "channel"), CLUSTERED)

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    in_charge: Mapped[str] = mapped_column(default="assistant")
    opened_at: Mapped[datetime]
    last_at: Mapped[datetime]
    # The last number given out, so that numbering a turn is one UPDATE that also locks the row.
    events: Mapped[int] = mapped_column(default=0)
    messages: Mapped[int] = mapped_column(default=0)
    turns: Mapped[int] = mapped_column(default=0)


class EventRow(OfConversation, Base):
    __tablename__ = "events"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    body: Mapped[dict[str, Any]]


class CheckpointRow(OfConversation, Base):
    __tablename__ = "checkpoints"

    upto: Mapped[int]
    snapshot: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class MessageRow(OfConversation, Base):
    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    turn: Mapped[int]
    sender: Mapped[str]
    text: Mapped[str] = mapped_column(PlainText)
    choices: Mapped[list[Any] | None]
    cards: Mapped[list[Any] | None]
    at: Mapped[datetime]
    # The message id under which the customer sent it: lets a client know its own message again.
    key: Mapped[str | None]


class TurnRow(OfConversation, Base):
    """One incoming message id and the messages it led to: what makes a retry get the same reply."""

    __tablename__ = "turns"

    message_id: Mapped[str] = mapped_column(primary_key=True)
    turn: Mapped[int]
    said: Mapped[int | None]
    first: Mapped[int]
    last: Mapped[int]
    at: Mapped[datetime]


class ChoiceRow(OfConversation, Base):
    __tablename__ = "choices"

    token: Mapped[str] = mapped_column(primary_key=True)
    turn: Mapped[int]
    position: Mapped[int]
    title: Mapped[str]
    payload: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class ThreadRow(OfCustomerKey, Base):
    __tablename__ = "threads"

    id: Mapped[str] = mapped_column(primary_key=True)
    conversation: Mapped[str]
    flow: Mapped[str]
    step: Mapped[str]
    slots: Mapped[dict[str, Any] | None]
    description: Mapped[str | None]
    summary_response: Mapped[str | None]
    # What the flow engine knows of the way so far: steps passed, questions skipped, whether it was committed.
    progress: Mapped[dict[str, Any] | None]
    state: Mapped[str]
    opened_at: Mapped[datetime]
    touched_at: Mapped[datetime]


class OrderRow(OfCustomer, Base):
    __tablename__ = "orders"
    customer_leads_an_index = True

    number: Mapped[str] = mapped_column(primary_key=True)
    conversation: Mapped[str | None]
    lines: Mapped[list[Any]]
    fulfilment: Mapped[dict[str, Any]]
    total: Mapped[Decimal]
    currency: Mapped[str]
    state: Mapped[str]
    placed_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    # Of a subscription: how many days apart its deliveries are. Found without looking at all orders.
    every_days: Mapped[int | None] = mapped_column(index=True)


class TicketRow(OfCustomer, Base):
    __tablename__ = "tickets"

    number: Mapped[str] = mapped_column(primary_key=True)
    conversation: Mapped[str | None]
    kind: Mapped[str]
    text: Mapped[str] = mapped_column(PlainText)
    state: Mapped[str]
    owner: Mapped[str | None]
    answer: Mapped[str | None] = mapped_column(PlainText)
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class DecisionRow(OfCustomer, Base):
    """The ledger of consent: append-only."""

    __tablename__ = "consent_decisions"

    id: Mapped[int] = mapped_column(_BIG_ID, primary_key=True)
    purpose: Mapped[str]
    channel: Mapped[str]
    topic: Mapped[str]
    decision: Mapped[str]
    decided_at: Mapped[datetime]
    received_at: Mapped[datetime]
    text_hash: Mapped[str | None]
    text_version: Mapped[str | None]
    language: Mapped[str | None]
    method: Mapped[str]
    touch_point: Mapped[str | None]
    actor: Mapped[str]
    expires_at: Mapped[datetime | None]
    supersedes: Mapped[int | None] = mapped_column(_BIG_ID)


class ConsentRow(OfCustomerKey, Base):
    """The one current decision per purpose, channel and topic: what a turn reads."""

    __tablename__ = "consents"

    purpose: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    decision: Mapped[str]
    decided_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    decision_id: Mapped[int] = mapped_column(_BIG_ID)


class _Fact(OfCustomerKey):
    """Something remembered: what, about whom, from where, for what, and for how long it is believed."""

    id: Mapped[str] = mapped_column(primary_key=True)
    attribute: Mapped[str]
    value: Mapped[str]
    polarity: Mapped[str]
    for_whom: Mapped[str]
    lasting: Mapped[bool]
    purpose: Mapped[str]
    conversation: Mapped[str | None]
    turn: Mapped[int | None]
    channel: Mapped[str]
    touch_point: Mapped[str]
    told_by: Mapped[str]
    told_at: Mapped[datetime]
    confirmed_at: Mapped[datetime]
    half_life_days: Mapped[float]
    # current, disputed (contradicted and not settled yet) or superseded.
    state: Mapped[str]
    # The fact that took its place.
    superseded_by: Mapped[str | None]


class FactRow(_Fact, Base):
    __tablename__ = "facts"


class SensitiveFactRow(_Fact, Base):
    """Apart from the others, so that no grant but the one for sensitive data opens it."""

    __tablename__ = "sensitive_facts"


class PurchaseRow(OfCustomerKey, Base):
    """One line of an order that the shop told of; a negative quantity is a return."""

    __tablename__ = "purchases"

    # Made of the line's content, so that the same file twice changes nothing.
    line: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str]
    ordered_at: Mapped[datetime]
    sku: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal]
    unit_cost: Mapped[Decimal | None]
    gift: Mapped[bool]
    channel: Mapped[str | None]
    # What it was made of, where the order was placed in a conversation: slots to modules.
    modules: Mapped[dict[str, Any] | None]
    # The customer said that it is to their taste, though it was a gift or a bargain.
    confirmed: Mapped[bool] = mapped_column(server_default=false())


class ProfileRow(OfCustomerKey, Base):
    """What was computed about a customer, each time that it was: the newest is in force."""

    __tablename__ = "profiles"

    at: Mapped[datetime] = mapped_column(primary_key=True)
    tier: Mapped[str]
    figures: Mapped[dict[str, Any]]
    reasons: Mapped[list[Any]]


class NeedRow(OfCustomer, Base):
    """Something that was asked for and that the shop does not have, in a word or two."""

    __tablename__ = "needs"

    id: Mapped[int] = mapped_column(_BIG_ID, primary_key=True)
    wanted: Mapped[str]
    at: Mapped[datetime]


class QuestionRow(OfCustomer, Base):
    """One question that was put to a customer, and what became of the answer."""

    __tablename__ = "questions"
    customer_leads_an_index = True

    id: Mapped[int] = mapped_column(_BIG_ID, primary_key=True)
    conversation: Mapped[str]
    question: Mapped[str]
    # What it was asked about, where it may be asked of several things.
    about: Mapped[str | None]
    at: Mapped[datetime]
    answered: Mapped[bool]
    changed: Mapped[bool]
    # None as long as it is open whether the answer will make a difference.
    settled_at: Mapped[datetime | None]


class HandoffRow(OfCustomer, Base):
    __tablename__ = "handoffs"

    id: Mapped[str] = mapped_column(primary_key=True)
    conversation: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]
    packet: Mapped[dict[str, Any]]
    # waiting, taken or closed.
    state: Mapped[str] = mapped_column(index=True)
    operator: Mapped[str | None]
    outcome: Mapped[dict[str, Any] | None]
    opened_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class QueuedRow(OfCustomer, Base):
    """A message that waits to be sent."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(_BIG_ID, primary_key=True)
    # What makes queueing the same message twice queue it once.
    key: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[str]
    topic: Mapped[str]
    purpose: Mapped[str]
    body: Mapped[dict[str, Any]]
    queued_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(index=True)


class CodeRow(OfCustomer, Base):
    """A one-time code that was sent to one channel and is to be typed in another; only its keyed hash is kept."""

    __tablename__ = "codes"

    id: Mapped[int] = mapped_column(_BIG_ID, primary_key=True)
    channel: Mapped[str]
    address: Mapped[str]
    hash: Mapped[str] = mapped_column(index=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AttemptRow(OfCustomer, Base):
    """A code that was typed and was wrong: too many of them and the customer waits."""

    __tablename__ = "code_attempts"

    id: Mapped[int] = mapped_column(_BIG_ID, primary_key=True)
    at: Mapped[datetime]


class LinkRow(Base):
    """Two customers that are one person, until it is undone. No row of theirs is touched by it."""

    __tablename__ = "links"

    id: Mapped[int] = mapped_column(_BIG_ID, primary_key=True)
    keeper: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    joined: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    # How it was shown that both are one: signed_in or code.
    proof: Mapped[str]
    actor: Mapped[str]
    made_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]


class DocumentRow(OfCustomerKey, Base):
    """What search finds: a message by its place. The words are in the database's own full-text index."""

    __tablename__ = "search_documents"

    # Made of the time, so that the newest are found first.
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    conversation: Mapped[str]
    message: Mapped[int]


class TombstoneRow(Base):
    """Somebody was erased: a keyed hash of an id or address, which says nothing to whoever has not got the id."""

    __tablename__ = "tombstones"

    mac: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class ReceiptRow(Base):
    """What was deleted and what was probed and found empty after an erasure; nothing personal."""

    __tablename__ = "receipts"

    id: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    deleted: Mapped[dict[str, Any]]
    probes: Mapped[dict[str, Any]]


class StockRow(Base):
    """How many pieces of a thing the catalogue stated, and since when: what is left is that less what was ordered."""

    __tablename__ = "stock_counts"

    sku: Mapped[str] = mapped_column(primary_key=True)
    # Of which size, where the catalogue counts by size; else empty.
    module: Mapped[str] = mapped_column(primary_key=True)
    stated: Mapped[int]
    stated_at: Mapped[datetime]
    # Pieces of orders since then that are deleted: a number, and nothing of whose they were or when.
    gone: Mapped[int] = mapped_column(server_default="0")


class KeyRow(Base):
    """A secret of this database."""

    __tablename__ = "keys"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


# The newest order of one customer.
Index("ix_orders_customer_placed_at", OrderRow.customer, OrderRow.placed_at)
# Whether anything was ordered since a stock was counted, and what.
Index("ix_orders_changed_at", OrderRow.changed_at)
# The choices that the last turn showed, among all of a conversation's.
Index("ix_choices_turn", ChoiceRow.customer, ChoiceRow.conversation, ChoiceRow.turn)
# A customer's open threads, among all that ended.
Index("ix_threads_state", ThreadRow.customer, ThreadRow.state)
# Whether a question is open in a conversation, among all that were settled.
_ASKED = (QuestionRow.customer, QuestionRow.conversation, QuestionRow.question, QuestionRow.settled_at)
Index("ix_questions_asked", *_ASKED)
