"""Organisations, members, keys, interviews and who takes part in them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("max_interviewers", sa.Integer, nullable=False),
        sa.Column("max_observers", sa.Integer, nullable=False),
        sa.Column("max_guests", sa.Integer, nullable=False),
        sa.Column("over_limit", sa.Text, nullable=False),
        sa.Column("created_at_ms", sa.Integer, nullable=False),
    )
    op.create_table(
        "member",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("organisation_id", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created_at_ms", sa.Integer, nullable=False),
    )
    op.create_table(
        "sign_in_link",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("member_id", sa.Text, nullable=False),
        sa.Column("expires_at_ms", sa.Integer, nullable=False),
        sa.Column("used_at_ms", sa.Integer),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("member_id", sa.Text, nullable=False),
        sa.Column("created_at_ms", sa.Integer, nullable=False),
        sa.Column("expires_at_ms", sa.Integer, nullable=False),
    )
    op.create_table(
        "key",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("organisation_id", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.Text, nullable=False, unique=True),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created_at_ms", sa.Integer, nullable=False),
    )
    op.create_table(
        "interview",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("organisation_id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("candidate_name", sa.Text),
        sa.Column("candidate_email", sa.Text),
        sa.Column("interviewers", sa.JSON, nullable=False),
        sa.Column("scheduled_at_ms", sa.Integer),
        sa.Column("time_zone", sa.Text),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("max_interviewers", sa.Integer, nullable=False),
        sa.Column("max_observers", sa.Integer, nullable=False),
        sa.Column("max_guests", sa.Integer, nullable=False),
        sa.Column("over_limit", sa.Text, nullable=False),
        sa.Column("external_ref", sa.Text),
        sa.Column("searched", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at_ms", sa.Integer, nullable=False),
        sa.Column("active_at_ms", sa.Integer),
        sa.Column("finished_at_ms", sa.Integer),
        sa.Column("finished_by", sa.Text),
    )
    op.create_index("interview_by_status", "interview", ["organisation_id", "status", "created_at_ms", "id"])
    op.create_index(
        "interview_by_external_ref",
        "interview",
        ["organisation_id", "external_ref"],
        unique=True,
        sqlite_where=sa.text("external_ref IS NOT NULL AND status <> 'cancelled'"),
    )
    op.create_table(
        "request",
        sa.Column("principal_id", sa.Text, primary_key=True),
        sa.Column("idempotency_key", sa.Text, primary_key=True),
        sa.Column("body_hash", sa.Text, nullable=False),
        sa.Column("interview_id", sa.Text, nullable=False),
        sa.Column("created_at_ms", sa.Integer, nullable=False),
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("interview_id", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("joined_as", sa.Integer, nullable=False),
        sa.Column("member_id", sa.Text),
        sa.Column("joined_at_ms", sa.Integer, nullable=False),
        sa.Column("entered_at_ms", sa.Integer),
        sa.UniqueConstraint("interview_id", "joined_as"),
        sa.UniqueConstraint("interview_id", "member_id", "role"),
    )
    op.create_index(
        "one_candidate", "participant", ["interview_id"], unique=True, sqlite_where=sa.text("role = 'candidate'")
    )
    op.create_table(
        "ticket",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("participant_id", sa.Text, nullable=False),
        sa.Column("expires_at_ms", sa.Integer, nullable=False),
        sa.Column("revoked_at_ms", sa.Integer),
    )
    op.create_index("ticket_by_participant", "ticket", ["participant_id"])
