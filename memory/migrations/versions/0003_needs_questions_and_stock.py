"""Needs, questions and stock; what a purchase was made of."""

import sqlalchemy as sa
from alembic import op

import memory._types

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Needs, questions and stock; what a purchase was made of."""
    op.add_column("purchases", sa.Column("modules", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "needs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wanted", sa.String(), nullable=False),
        sa.Column("at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_needs_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_needs")),
    )
    with op.batch_alter_table("needs") as batch_op:
        batch_op.create_index(batch_op.f("ix_needs_customer"), ["customer"], unique=False)

    op.create_table(
        "questions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("conversation", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=True),
        sa.Column("at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.Column("settled_at", memory._types.UtcTime(timezone=True), nullable=True),
        sa.Column("customer", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name=op.f("fk_questions_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
    )
    with op.batch_alter_table("questions") as batch_op:
        batch_op.create_index(batch_op.f("ix_questions_customer"), ["customer"], unique=False)

    op.create_table(
        "stock_counts",
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("module", sa.String(), nullable=False),
        sa.Column("stated", sa.Integer(), nullable=False),
        sa.Column("stated_at", memory._types.UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sku", "module", name=op.f("pk_stock_counts")),
    )
    # Whether anything was ordered since, and what.
    op.create_index("ix_orders_changed_at", "orders", ["changed_at"])
