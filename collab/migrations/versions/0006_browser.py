"""Which browser a device is, since when it is there, who removed somebody; and chat found without reading the log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.sqlite import JSON

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("device", sa.Column("browser", sa.Text, nullable=False, server_default=""))
    op.add_column("ticket", sa.Column("issued_at_ms", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.execute("UPDATE ticket SET issued_at_ms = expires_at_ms - 43200000")  # tickets lived for 12 hours
    op.add_column("participant", sa.Column("removed_by", JSON))
    op.add_column("removal", sa.Column("removed_by", JSON))
    op.create_index("entry_chat", "entry", ["log", "entry"], sqlite_where=sa.text("kind = 'chat'"))
