"""Facts purchases links and erasure."""

from secrets import token_hex

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import memory._types

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Facts purchases links and erasure."""
    op.create_table(
        "keys",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_keys")),
    )
    op.create_table(
        "receipts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("asked_at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("done_at", memory._types.UtcTime(timezone=True), nullable=True),
        sa.Column("deleted", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("probes", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
    )
    op.create_table(
        "tombstones",
        sa.Column("mac", sa.String(), nullable=False),
        sa.Column("at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mac", name=op.f("pk_tombstones")),
    )
    op.create_table(
        "code_attempts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_code_attempts_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_attempts")),
    )
    with op.batch_alter_table("code_attempts") as batch_op:
        batch_op.create_index(batch_op.f("ix_code_attempts_customer"), ["customer"], unique=False)

    op.create_table(
        "codes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("made_at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("expires_at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("used_at", memory._types.UtcTime(timezone=True), nullable=True),
        sa.Column("customer", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_codes_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codes")),
    )
    with op.batch_alter_table("codes") as batch_op:
        batch_op.create_index(batch_op.f("ix_codes_customer"), ["customer"], unique=False)
        batch_op.create_index(batch_op.f("ix_codes_hash"), ["hash"], unique=False)

    op.create_table(
        "facts",
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("attribute", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("polarity", sa.String(), nullable=False),
        sa.Column("for_whom", sa.String(), nullable=False),
        sa.Column("lasting", sa.Boolean(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("conversation", sa.String(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("touch_point", sa.String(), nullable=False),
        sa.Column("told_by", sa.String(), nullable=False),
        sa.Column("told_at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("half_life_days", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("superseded_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_facts_customer")),
        sa.PrimaryKeyConstraint("customer", "id", name=op.f("pk_facts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "handoffs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("conversation", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("packet", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=True),
        sa.Column("outcome", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("opened_at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("taken_at", memory._types.UtcTime(timezone=True), nullable=True),
        sa.Column("closed_at", memory._types.UtcTime(timezone=True), nullable=True),
        sa.Column("customer", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_handoffs_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoffs")),
    )
    with op.batch_alter_table("handoffs") as batch_op:
        batch_op.create_index(batch_op.f("ix_handoffs_conversation"), ["conversation"], unique=False)
        batch_op.create_index(batch_op.f("ix_handoffs_customer"), ["customer"], unique=False)
        batch_op.create_index(batch_op.f("ix_handoffs_state"), ["state"], unique=False)

    op.create_table(
        "links",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("keeper", sa.String(), nullable=False),
        sa.Column("joined", sa.String(), nullable=False),
        sa.Column("proof", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("made_at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("undone_at", memory._types.UtcTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["joined"], ["customers.id"], name=op.f("fk_links_joined")),
        sa.ForeignKeyConstraint(["keeper"], ["customers.id"], name=op.f("fk_links_keeper")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
    )
    with op.batch_alter_table("links") as batch_op:
        batch_op.create_index(batch_op.f("ix_links_joined"), ["joined"], unique=False)
        batch_op.create_index(batch_op.f("ix_links_keeper"), ["keeper"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("queued_at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("due_at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_outbox_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_customer"), ["customer"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_due_at"), ["due_at"], unique=False)

    op.create_table(
        "profiles",
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("figures", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_profiles_customer")),
        sa.PrimaryKeyConstraint("customer", "at", name=op.f("pk_profiles")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "purchases",
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("ordered_at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", memory._types.Money(), nullable=False),
        sa.Column("unit_cost", memory._types.Money(), nullable=True),
        sa.Column("gift", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_purchases_customer")),
        sa.PrimaryKeyConstraint("customer", "line", name=op.f("pk_purchases")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_documents",
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("conversation", sa.String(), nullable=False),
        sa.Column("message", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_search_documents_customer")),
        sa.PrimaryKeyConstraint("customer", "id", name=op.f("pk_search_documents")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sensitive_facts",
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("attribute", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("polarity", sa.String(), nullable=False),
        sa.Column("for_whom", sa.String(), nullable=False),
        sa.Column("lasting", sa.Boolean(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("conversation", sa.String(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("touch_point", sa.String(), nullable=False),
        sa.Column("told_by", sa.String(), nullable=False),
        sa.Column("told_at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("half_life_days", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("superseded_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_sensitive_facts_customer")),
        sa.PrimaryKeyConstraint("customer", "id", name=op.f("pk_sensitive_facts")),
        sqlite_with_rowid=False,
    )
    # The key of the hashes that say who was erased.
    keys = sa.table("keys", sa.column("name"), sa.column("value"))
    op.bulk_insert(keys, [{"name": "tombstones", "value": token_hex(32)}])
    op.add_column("customers", sa.Column("erasure", sa.String(), nullable=True))
    op.create_index(op.f("ix_customers_erasure"), "customers", ["erasure"])
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("search_documents", sa.Column("words", postgresql.TSVECTOR(), nullable=False))
        return
    # Erasing somebody merges the whole index that held their words (older SQLite keeps traces until then), so there
    # are several and each customer is in one of them. The words are kept once, in messages.
    for bucket in range(16):
        op.execute(
            f"CREATE VIRTUAL TABLE search_{bucket:x} USING fts5(words, content='', columnsize=0, detail=none,"
            " tokenize='unicode61 remove_diacritics 0')"
        )
