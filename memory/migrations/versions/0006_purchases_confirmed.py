"""Whether a customer said that a gift or a bargain they bought is to their taste."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """A mark on each purchase."""
    op.add_column("purchases", sa.Column("confirmed", sa.Boolean(), server_default=sa.false(), nullable=False))
