"""How many pieces of a thing went with orders that are deleted, so that stock stays right without the orders."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """A number beside each count of stock."""
    op.add_column("stock_counts", sa.Column("gone", sa.Integer(), server_default="0", nullable=False))
