"""${message}."""

import sqlalchemy as sa
from alembic import op

import memory._types

revision = "${up_revision}"
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """${message}."""
    ${upgrades}
