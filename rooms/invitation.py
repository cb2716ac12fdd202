"""Invitations: who is to become a member, by a link that is shown to whoever invites and used once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.journal import Journal, Transaction
from rooms import schema, session, store
from rooms.access import Right, may
from rooms.audit import Action, Actor, Subject, note
from rooms.authority import authorised
from rooms.bulletin import announce_people
from rooms.errors import InvitationInvalid, InvitationOver, InvitationPending, InvitationUnknown, MemberExists
from rooms.member import Member, MemberRole
from rooms.people import add_member
from rooms.principal import Principal
from rooms.provider import check_password_allowed
from rooms.secret import digest, new_id, new_secret
from rooms.text import clean_email, clean_name

INVITATION_MS = 7 * 24 * 3_600_000
_MOST = 1_000

_invitations = schema.invitations.c


class InvitationState(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Invitation:
    id: str
    organisation_id: str
    email: str
    name: str  # "" where nobody has said it
    role: MemberRole
    invited_by: str
    inviter: str  # the name of that member
    created_at_ms: int
    expires_at_ms: int
    accepted_at_ms: int | None
    revoked_at_ms: int | None
    is_backed: bool = True  # whether the inviter may still invite in this role

    def state(self, now_ms: int) -> InvitationState:
        if self.accepted_at_ms is not None:
            return InvitationState.ACCEPTED
        if self.revoked_at_ms is not None:
            return InvitationState.REVOKED
        is_open = self.is_backed and self.expires_at_ms > now_ms
        return InvitationState.PENDING if is_open else InvitationState.EXPIRED


class Invitations:
    """Invariants: an e-mail address has one invitation that can still be accepted, or renewed, and none once it is a
    member's. Nobody comes in on the word of somebody who may not give it any more: else whoever loses his rights could
    have kept a way back to them.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def all(self, principal: Principal) -> list[Invitation]:
        """The newest first. Raises ScopeMissing."""
        principal.require(Right.INVITE_MEMBER)
        query = _selected().where(_invitations.organisation_id == principal.organisation_id)
        async with self._journal.database.reading() as connection:
            newest = query.order_by(_invitations.created_at_ms.desc(), _invitations.id).limit(_MOST)
            return [_of_row(row) for row in (await connection.execute(newest)).mappings()]

    async def invite(self, principal: Principal, email: str, name: str, role: MemberRole) -> tuple[Invitation, str]:
        """The invitation and its token, which is in nobody else's hands.

        Raises ScopeMissing, Unauthenticated, TextInvalid, MemberExists, InvitationPending.
        """
        address, called = clean_email(email), clean_name(name)
        async with self._journal.transaction() as transaction:
            connection, now_ms = transaction.connection, transaction.now_ms
            asker = await authorised(connection, principal, Right.INVITE_MEMBER)
            _require_grantable(asker, role)
            member = await store.member(connection, email=address)
            if member is not None:
                advice = "" if member.is_active else " The member is deactivated: reactivate him."
                raise MemberExists(f"{address} is a member of the organisation.{advice}")
            if await open_invitation(connection, asker.organisation_id, address, now_ms) is not None:
                raise InvitationPending(f"{address} is invited. Renew that invitation where its link is lost.")
            expired = update(schema.invitations).where(*_open(asker.organisation_id, [address]))
            await connection.execute(expired.values(revoked_at_ms=now_ms))
            invitation = Invitation(
                new_id(),
                asker.organisation_id,
                address,
                called,
                role,
                asker.id,
                asker.name,
                now_ms,
                now_ms + INVITATION_MS,
                None,
                None,
            )
            token = new_secret()
            await connection.execute(
                insert(schema.invitations).values(
                    id=invitation.id,
                    organisation_id=invitation.organisation_id,
                    email=address,
                    name=called,
                    role=role.value,
                    token_hash=digest(token),
                    invited_by=asker.id,
                    created_at_ms=now_ms,
                    expires_at_ms=invitation.expires_at_ms,
                )
            )
            detail = {"role": role.value}
            await _note(connection, invitation, now_ms, Actor.of(asker), Action.MEMBER_INVITED, detail)
            await announce_people(transaction, invitation.organisation_id)
            return invitation, token

    async def renew(self, principal: Principal, invitation_id: str) -> tuple[Invitation, str]:
        """With a new token, for the whole time again, by whoever renews it; the link before it is dead.

        Raises ScopeMissing, Unauthenticated, InvitationUnknown, InvitationOver.
        """
        async with self._journal.transaction() as transaction:
            connection, now_ms = transaction.connection, transaction.now_ms
            asker, invitation = await _asked(connection, principal, invitation_id)
            _require_open(invitation, now_ms)
            token, expires_at_ms = new_secret(), now_ms + INVITATION_MS
            renewed = replace(
                invitation, expires_at_ms=expires_at_ms, invited_by=asker.id, inviter=asker.name, is_backed=True
            )
            await _set(connection, renewed, token_hash=digest(token), expires_at_ms=expires_at_ms, invited_by=asker.id)
            await _note(connection, renewed, now_ms, Actor.of(asker), Action.INVITATION_RENEWED)
            await announce_people(transaction, renewed.organisation_id)
            return renewed, token

    async def revoke(self, principal: Principal, invitation_id: str) -> None:
        """Its link is dead. Raises ScopeMissing, Unauthenticated, InvitationUnknown, InvitationOver."""
        async with self._journal.transaction() as transaction:
            connection, now_ms = transaction.connection, transaction.now_ms
            asker, invitation = await _asked(connection, principal, invitation_id)
            if invitation.revoked_at_ms is None:
                _require_open(invitation, now_ms)
                await _set(connection, invitation, revoked_at_ms=now_ms)
                await _note(connection, invitation, now_ms, Actor.of(asker), Action.INVITATION_REVOKED)
                await announce_people(transaction, invitation.organisation_id)

    async def look(self, token: str) -> Invitation:
        """What it is for; looking uses nothing up. Raises InvitationInvalid."""
        async with self._journal.database.reading() as connection:
            return await _pending(connection, token, self._journal.clock.now_ms())

    async def accept(
        self,
        token: str,
        name: str,
        password_hash: str | None = None,
        *,
        browser: str = "",
        address: str = "",
        replacing: str | None = None,
    ) -> str:
        """Become a member. Returns the secret of a session.

        Raises InvitationInvalid, TextInvalid, SsoRequired.
        """
        async with self._journal.transaction() as transaction:
            connection, now_ms = transaction.connection, transaction.now_ms
            invitation = await _pending(connection, token, now_ms)
            if password_hash is not None:
                await check_password_allowed(connection, invitation.organisation_id, invitation.email)
            member = await accept(transaction, invitation, name=name, password_hash=password_hash, address=address)
            by = session.Method.LINK if password_hash is None else session.Method.PASSWORD
            return await session.begin(
                connection, member.id, now_ms, method=by, browser=browser, address=address, replacing=replacing
            )


async def open_invitation(
    connection: AsyncConnection, organisation_id: str, email: str, now_ms: int
) -> Invitation | None:
    """The one by which this address can become a member now."""
    found = await open_invitations(connection, organisation_id, [email.lower()])
    return next((each for each in found if each.state(now_ms) is InvitationState.PENDING), None)


async def open_invitations(
    connection: AsyncConnection, organisation_id: str, emails: Sequence[str]
) -> list[Invitation]:
    """Those of these addresses that can be accepted, or renewed where they have expired."""
    query = _selected().where(*_open(organisation_id, emails))
    return [_of_row(row) for row in (await connection.execute(query)).mappings()]


async def accept(
    transaction: Transaction,
    invitation: Invitation,
    *,
    name: str = "",
    password_hash: str | None = None,
    address: str = "",
) -> Member:
    """The new member, in the caller's transaction, in which the invitation was found pending. Without a name it is the
    one that the inviter gave, or the e-mail's first part. Raises InvitationInvalid, TextInvalid.
    """
    connection, now_ms = transaction.connection, transaction.now_ms
    if await store.member(connection, email=invitation.email) is not None:
        raise InvitationInvalid("There is a member with this e-mail address already: sign in.")
    called = clean_name(name) or invitation.name or invitation.email.partition("@")[0]
    member = Member(
        new_id(), invitation.organisation_id, invitation.email, called, invitation.role, created_at_ms=now_ms
    )
    await _set(connection, invitation, accepted_at_ms=now_ms)
    actor = Actor.of_member(member, address)
    await _note(connection, invitation, now_ms, actor, Action.INVITATION_ACCEPTED, {"member": member.id})
    await add_member(connection, member, now_ms, actor, password_hash)
    await announce_people(transaction, member.organisation_id)
    return member


async def accept_by_email(
    transaction: Transaction, organisation_id: str, email: str, *, name: str = "", address: str = ""
) -> Member | None:
    """As ``accept``, by somebody whose address a provider has verified; None where he is not invited."""
    invitation = await open_invitation(transaction.connection, organisation_id, email, transaction.now_ms)
    return None if invitation is None else await accept(transaction, invitation, name=name, address=address)


async def _asked(connection: AsyncConnection, principal: Principal, invitation_id: str) -> tuple[Principal, Invitation]:
    asker = await authorised(connection, principal, Right.INVITE_MEMBER)
    query = _selected().where(_invitations.organisation_id == asker.organisation_id, _invitations.id == invitation_id)
    row = await store.one(connection, query)
    if row is None:
        raise InvitationUnknown("There is no such invitation in your organisation.")
    invitation = _of_row(row)
    _require_grantable(asker, invitation.role)
    return asker, invitation


def _require_grantable(asker: Principal, role: MemberRole) -> None:
    if role is MemberRole.OWNER:
        asker.require(Right.CHANGE_OWNER)


def _require_open(invitation: Invitation, now_ms: int) -> None:
    """Raises InvitationOver."""
    state = invitation.state(now_ms)
    if state in {InvitationState.ACCEPTED, InvitationState.REVOKED}:
        raise InvitationOver(f"The invitation of {invitation.email} was {state}.")


async def _pending(connection: AsyncConnection, token: str, now_ms: int) -> Invitation:
    row = await store.one(connection, _selected().where(_invitations.token_hash == digest(token)))
    if row is None or _of_row(row).state(now_ms) is not InvitationState.PENDING:
        raise InvitationInvalid(
            "This invitation was accepted or revoked, or has expired. Ask whoever invited you for a new link."
        )
    return _of_row(row)


def _open(organisation_id: str, emails: Sequence[str]) -> tuple[Any, ...]:
    return (
        _invitations.organisation_id == organisation_id,
        _invitations.email.in_(emails),
        _invitations.accepted_at_ms.is_(None),
        _invitations.revoked_at_ms.is_(None),
    )


def _selected() -> Select[Any]:
    members = schema.members.c
    inviter = (members.name.label("inviter"), members.role.label("inviter_role"), members.deactivated_at_ms)
    return select(schema.invitations, *inviter).join_from(
        schema.invitations, schema.members, members.id == _invitations.invited_by, isouter=True
    )


def _is_backed(row: RowMapping) -> bool:
    if row["inviter_role"] is None or row["deactivated_at_ms"] is not None:
        return False
    needed = Right.CHANGE_OWNER if row["role"] == MemberRole.OWNER else Right.INVITE_MEMBER
    return may(MemberRole(row["inviter_role"]), needed)


def _of_row(row: RowMapping) -> Invitation:
    return Invitation(
        row["id"],
        row["organisation_id"],
        row["email"],
        row["name"],
        MemberRole(row["role"]),
        row["invited_by"],
        row["inviter"] or "",
        row["created_at_ms"],
        row["expires_at_ms"],
        row["accepted_at_ms"],
        row["revoked_at_ms"],
        _is_backed(row),
    )


async def _set(connection: AsyncConnection, invitation: Invitation, **values: Any) -> None:
    row = update(schema.invitations).where(_invitations.id == invitation.id)
    await connection.execute(row.values(**values))


async def _note(  # noqa: PLR0917 - like audit.note
    connection: AsyncConnection,
    invitation: Invitation,
    now_ms: int,
    actor: Actor,
    action: Action,
    detail: dict[str, str] | None = None,
) -> None:
    subject = Subject("invitation", invitation.id, invitation.email)
    await note(connection, invitation.organisation_id, now_ms, actor, action, subject, detail)
