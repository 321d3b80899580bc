"""Indexes for what is looked up at every turn, so that a long history costs no more than a short one."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """The choices of one turn, a customer's open threads, a conversation's open questions."""
    op.create_index("ix_choices_turn", "choices", ["customer", "conversation", "turn"])
    op.create_index("ix_threads_state", "threads", ["customer", "state"])
    op.drop_index("ix_questions_customer", "questions")
    op.create_index("ix_questions_asked", "questions", ["customer", "conversation", "question", "settled_at"])
