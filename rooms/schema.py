"""The tables of rooms. Migrations: 0002, 0003, 0005, 0006, 0007."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.sqlite import JSON

from collab.database import metadata

organisations = Table(
    "organisation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("max_interviewers", Integer, nullable=False),
    Column("max_observers", Integer, nullable=False),
    Column("max_guests", Integer, nullable=False),
    Column("over_limit", Text, nullable=False),
    Column("lobby", Boolean, nullable=False),
    Column("created_at_ms", Integer, nullable=False),
    Column("time_zone", Text, nullable=False, server_default="UTC"),
)
members = Table(
    "member",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at_ms", Integer, nullable=False),
    Column("time_zone", Text),
    Column("password_hash", Text),
    Column("deactivated_at_ms", Integer),
    Column("seen_at_ms", Integer),
    Index("member_by_name", "organisation_id", "name", "id"),
)
invitations = Table(
    "invitation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),  # "" where nobody has said it
    Column("role", Text, nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("invited_by", Text, nullable=False),
    Column("created_at_ms", Integer, nullable=False),
    Column("expires_at_ms", Integer, nullable=False),
    Column("accepted_at_ms", Integer),
    Column("revoked_at_ms", Integer),
    Index("invitation_by_email", "organisation_id", "email"),
)
sign_in_links = Table(
    "sign_in_link",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("member_id", Text, nullable=False),
    Column("expires_at_ms", Integer, nullable=False),
    Column("used_at_ms", Integer),
)
sessions = Table(
    "session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("member_id", Text, nullable=False),
    Column("created_at_ms", Integer, nullable=False),
    Column("expires_at_ms", Integer, nullable=False),
    Column("id", Text, nullable=False),  # shown to its member, who may end it
    Column("method", Text, nullable=False, server_default="link"),  # link, password, google, sso
    Column("browser", Text, nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Column("seen_at_ms", Integer, nullable=False),
    Index("session_by_member", "member_id"),
)
keys = Table(
    "key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("secret_hash", Text, nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("created_at_ms", Integer, nullable=False),
    Column("created_by", Text),  # id of a member; NULL where the command line did
    Column("used_at_ms", Integer),  # not exactly: it is written at most once a minute
    Column("revoked_at_ms", Integer),
)
identity_providers = Table(  # through which an organisation's members sign in
    "identity_provider",
    metadata,
    Column("organisation_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # google, sso
    Column("issuer", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("client_secret", Text, nullable=False),  # it has to be sent, so that a hash would not do
    Column("domains", JSON, nullable=False),  # of e-mail addresses; empty for any
    Column("is_required", Boolean, nullable=False),  # nobody of these domains may use a password
)
identities = Table(  # who a member is to a provider
    "identity",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("member_id", Text, nullable=False),
    Column("created_at_ms", Integer, nullable=False),
)
login_attempts = Table(  # at a provider, from leaving for it until coming back
    "login_attempt",
    metadata,
    Column("state_hash", Text, primary_key=True),
    Column("browser_hash", Text, nullable=False),
    Column("organisation_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("code_verifier", Text, nullable=False),
    Column("return_to", Text, nullable=False),
    Column("expires_at_ms", Integer, nullable=False),
)
audit = Table(  # every change of state, by whom
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("organisation_id", Text, nullable=False),
    Column("at_ms", Integer, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("subject_name", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("address", Text, nullable=False),
    Index("audit_by_organisation", "organisation_id", "id"),
    Index("audit_by_subject", "organisation_id", "subject_id", "id"),
    Index("audit_by_actor", "organisation_id", "actor_id", "id"),
)
interviews = Table(
    "interview",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("candidate_name", Text),
    Column("candidate_email", Text),
    Column("interviewers", JSON, nullable=False),
    Column("scheduled_at_ms", Integer),
    Column("time_zone", Text),
    Column("language", Text, nullable=False),
    Column("max_interviewers", Integer, nullable=False),
    Column("max_observers", Integer, nullable=False),
    Column("max_guests", Integer, nullable=False),
    Column("over_limit", Text, nullable=False),
    Column("lobby", Boolean, nullable=False),
    Column("instructions", Text, nullable=False),
    Column("meeting_url", Text),
    Column("external_ref", Text),
    Column("searched", Text, nullable=False),  # what a search looks in, folded
    Column("created_by", Text, nullable=False),
    Column("created_at_ms", Integer, nullable=False),
    Column("opened_at_ms", Integer),  # when the candidate was let in, where there is a lobby
    Column("active_at_ms", Integer),
    Column("finished_at_ms", Integer),
    Column("finished_by", Text),
    Column("kind", Text, nullable=False, server_default="interview"),  # interview, practice, sample
    Column("series", Text),  # of blocks one after the other, for one candidate
    Column("block", Integer),  # which of them, from 1
    Column("blocks", Integer),
    # What is searched is in both, so that searching and counting read these and no rows.
    Index("interview_by_creation", "organisation_id", "kind", "created_at_ms", "id", "status", "searched"),
    Index("interview_by_status", "organisation_id", "kind", "status", "created_at_ms", "id", "searched"),
    Index(
        "interview_by_external_ref",
        "organisation_id",
        "external_ref",
        unique=True,
        sqlite_where=text("external_ref IS NOT NULL AND status <> 'cancelled'"),
    ),
)
requests = Table(  # those made with an Idempotency-Key
    "request",
    metadata,
    Column("principal_id", Text, primary_key=True),
    Column("idempotency_key", Text, primary_key=True),
    Column("body_hash", Text, nullable=False),
    Column("interview", JSON, nullable=False),  # its row, as it was answered
    Column("is_new", Boolean, nullable=False),
    Column("created_at_ms", Integer, nullable=False),
)
participants = Table(
    "participant",
    metadata,
    Column("id", Text, primary_key=True),
    Column("interview_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("joined_as", Integer, nullable=False),
    Column("member_id", Text),
    Column("joined_at_ms", Integer, nullable=False),
    Column("entered_at_ms", Integer),
    Column("is_role_set", Boolean, nullable=False),  # by an interviewer: a member cannot choose any more
    Column("muted_reason", Text),
    Column("removed_reason", Text),
    Column("removed_by", JSON(none_as_null=True)),
    UniqueConstraint("interview_id", "joined_as"),
    Index("participant_by_member", "interview_id", "member_id", "role"),
    Index("one_candidate", "interview_id", unique=True, sqlite_where=text("role = 'candidate'")),
)
tickets = Table(
    "ticket",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("participant_id", Text, nullable=False),
    Column("issued_at_ms", Integer, nullable=False),
    Column("expires_at_ms", Integer, nullable=False),
    Column("revoked_at_ms", Integer),
    Column("device_id", Text),
    Column("session_id", Text),  # of the member's session with which he joined: it ends with that
    Index("ticket_by_participant", "participant_id"),
    Index("ticket_by_session", "session_id", sqlite_where=text("session_id IS NOT NULL")),
    Index("ticket_by_revocation", "revoked_at_ms", sqlite_where=text("revoked_at_ms IS NOT NULL")),
)
devices = Table(  # browsers, by the cookie that they keep
    "device",
    metadata,
    Column("id", Text, primary_key=True),  # shown to interviewers
    Column("secret_hash", Text, nullable=False, unique=True),
    Column("browser", Text, nullable=False),  # "" where it does not say
    Column("created_at_ms", Integer, nullable=False),
)
removals = Table(  # of devices from interviews
    "removal",
    metadata,
    Column("interview_id", Text, primary_key=True),
    Column("device_id", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("removed_by", JSON(none_as_null=True)),
)
seats = Table(  # of participants who were admitted, or wait to be
    "seat",
    metadata,
    Column("participant_id", Text, primary_key=True),
    Column("interview_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("number", Integer, nullable=False),  # grows with every asking: the order of the queue
    Column("until_ms", Integer),  # when it lapses; NULL while a connection is open
    UniqueConstraint("interview_id", "number"),
    Index("seat_by_end", "until_ms"),
)
