"""Requests with an Idempotency-Key keep their answer. Those from before are forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.drop_table("request")
    op.create_table(
        "request",
        sa.Column("principal_id", sa.Text, primary_key=True),
        sa.Column("idempotency_key", sa.Text, primary_key=True),
        sa.Column("body_hash", sa.Text, nullable=False),
        sa.Column("interview", sa.JSON, nullable=False),
        sa.Column("is_new", sa.Boolean, nullable=False),
        sa.Column("created_at_ms", sa.Integer, nullable=False),
    )
