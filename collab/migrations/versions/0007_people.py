"""Invitations, passwords, providers of identities, sessions that can be told apart, an audit log; interviews one after
the other, and those that only show how it is done.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.sqlite import JSON

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    no, nothing = sa.text("0"), ""
    op.add_column("organisation", sa.Column("time_zone", sa.Text, nullable=False, server_default="UTC"))
    op.add_column("member", sa.Column("time_zone", sa.Text))
    op.add_column("member", sa.Column("password_hash", sa.Text))
    op.add_column("member", sa.Column("deactivated_at_ms", sa.Integer))
    op.add_column("member", sa.Column("seen_at_ms", sa.Integer))
    op.create_index("member_by_name", "member", ["organisation_id", "name", "id"])
    op.create_table(
        "invitation",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("organisation_id", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False, unique=True),
        sa.Column("invited_by", sa.Text, nullable=False),
        sa.Column("created_at_ms", sa.Integer, nullable=False),
        sa.Column("expires_at_ms", sa.Integer, nullable=False),
        sa.Column("accepted_at_ms", sa.Integer),
        sa.Column("revoked_at_ms", sa.Integer),
    )
    op.create_index("invitation_by_email", "invitation", ["organisation_id", "email"])
    op.add_column("session", sa.Column("id", sa.Text, nullable=False, server_default=nothing))
    op.execute("UPDATE session SET id = lower(hex(randomblob(16)))")
    op.add_column("session", sa.Column("method", sa.Text, nullable=False, server_default="link"))
    op.add_column("session", sa.Column("browser", sa.Text, nullable=False, server_default=nothing))
    op.add_column("session", sa.Column("address", sa.Text, nullable=False, server_default=nothing))
    op.add_column("session", sa.Column("seen_at_ms", sa.Integer, nullable=False, server_default=no))
    op.execute("UPDATE session SET seen_at_ms = created_at_ms")
    op.create_index("session_by_member", "session", ["member_id"])
    op.add_column("ticket", sa.Column("session_id", sa.Text))
    for name, column in (("ticket_by_session", "session_id"), ("ticket_by_revocation", "revoked_at_ms")):
        op.create_index(name, "ticket", [column], sqlite_where=sa.text(f"{column} IS NOT NULL"))
    op.add_column("key", sa.Column("created_by", sa.Text))
    op.add_column("key", sa.Column("used_at_ms", sa.Integer))
    op.add_column("key", sa.Column("revoked_at_ms", sa.Integer))
    op.create_table(
        "identity_provider",
        sa.Column("organisation_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("client_secret", sa.Text, nullable=False),
        sa.Column("domains", JSON, nullable=False),
        sa.Column("is_required", sa.Boolean, nullable=False),
    )
    op.create_table(
        "identity",
        sa.Column("issuer", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("member_id", sa.Text, nullable=False),
        sa.Column("created_at_ms", sa.Integer, nullable=False),
    )
    op.create_table(
        "login_attempt",
        sa.Column("state_hash", sa.Text, primary_key=True),
        sa.Column("browser_hash", sa.Text, nullable=False),
        sa.Column("organisation_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("nonce", sa.Text, nullable=False),
        sa.Column("code_verifier", sa.Text, nullable=False),
        sa.Column("return_to", sa.Text, nullable=False),
        sa.Column("expires_at_ms", sa.Integer, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("organisation_id", sa.Text, nullable=False),
        sa.Column("at_ms", sa.Integer, nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor_id", sa.Text, nullable=False),
        sa.Column("actor_name", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject_kind", sa.Text, nullable=False),
        sa.Column("subject_id", sa.Text, nullable=False),
        sa.Column("subject_name", sa.Text, nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
    )
    op.create_index("audit_by_organisation", "audit", ["organisation_id", "id"])
    op.create_index("audit_by_subject", "audit", ["organisation_id", "subject_id", "id"])
    op.create_index("audit_by_actor", "audit", ["organisation_id", "actor_id", "id"])
    op.add_column("interview", sa.Column("kind", sa.Text, nullable=False, server_default="interview"))
    op.add_column("interview", sa.Column("series", sa.Text))
    op.add_column("interview", sa.Column("block", sa.Integer))
    op.add_column("interview", sa.Column("blocks", sa.Integer))
    # It is also searched for by who is planned; addresses are kept in lower case.
    op.execute(
        "UPDATE interview SET searched = searched || char(10) || (SELECT group_concat(value, char(10)) FROM"
        " json_each(interviewers)) WHERE json_array_length(interviewers) > 0"
    )
    op.drop_index("interview_by_status")
    for name, columns in (
        ("interview_by_creation", ("created_at_ms", "id", "status")),
        ("interview_by_status", ("status", "created_at_ms", "id")),
    ):
        op.create_index(name, "interview", ["organisation_id", "kind", *columns, "searched"])
