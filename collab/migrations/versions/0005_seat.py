"""Seats, devices, the lobby, and what interviewers may decide about somebody."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    no = sa.text("0")
    op.add_column("organisation", sa.Column("lobby", sa.Boolean, nullable=False, server_default=no))
    op.add_column("interview", sa.Column("lobby", sa.Boolean, nullable=False, server_default=no))
    op.add_column("interview", sa.Column("instructions", sa.Text, nullable=False, server_default=""))
    op.add_column("interview", sa.Column("meeting_url", sa.Text))
    op.add_column("interview", sa.Column("opened_at_ms", sa.Integer))
    op.add_column("ticket", sa.Column("device_id", sa.Text))
    # A member whose role is changed may then be twice in one room in the same role.
    op.rename_table("participant", "participant_before")
    op.drop_index("one_candidate")
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
        sa.Column("is_role_set", sa.Boolean, nullable=False, server_default=no),
        sa.Column("muted_reason", sa.Text),
        sa.Column("removed_reason", sa.Text),
        sa.UniqueConstraint("interview_id", "joined_as"),
    )
    op.execute(
        "INSERT INTO participant (id, interview_id, role, name, joined_as, member_id, joined_at_ms, entered_at_ms)"
        " SELECT id, interview_id, role, name, joined_as, member_id, joined_at_ms, entered_at_ms"
        " FROM participant_before"
    )
    op.drop_table("participant_before")
    op.create_index(
        "one_candidate", "participant", ["interview_id"], unique=True, sqlite_where=sa.text("role = 'candidate'")
    )
    op.create_index("participant_by_member", "participant", ["interview_id", "member_id", "role"])
    op.create_table(
        "device",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("secret_hash", sa.Text, nullable=False, unique=True),
        sa.Column("created_at_ms", sa.Integer, nullable=False),
    )
    op.create_table(
        "removal",
        sa.Column("interview_id", sa.Text, primary_key=True),
        sa.Column("device_id", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "seat",
        sa.Column("participant_id", sa.Text, primary_key=True),
        sa.Column("interview_id", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("until_ms", sa.Integer),
        sa.UniqueConstraint("interview_id", "number"),
    )
    op.create_index("seat_by_end", "seat", ["until_ms"])
