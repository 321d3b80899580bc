"""Which orders come again and again, so that their deliveries are found without looking at all orders."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """The interval beside the order, where it could only be read out of how it is delivered."""
    op.add_column("orders", sa.Column("every_days", sa.Integer()))
    orders = sa.table("orders", sa.column("fulfilment", sa.JSON()), sa.column("every_days", sa.Integer()))
    op.execute(orders.update().values(every_days=orders.c.fulfilment["every_days"].as_integer()))
    op.create_index("ix_orders_every_days", "orders", ["every_days"])
