"""Who belongs to the organisation, in which role, and for how long."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from itertools import islice

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy import tuple_ as row_value
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.database import Database
from collab.journal import Journal, Transaction
from collab.registry import Registry
from collab.wire import CloseCode
from rooms import schema, store
from rooms.access import Right
from rooms.audit import Actor
from rooms.authority import authorised
from rooms.bulletin import announce_member, announce_people
from rooms.decision import Decisions
from rooms.errors import CursorInvalid, MemberDeactivated, MemberIdUnknown, OneselfModerated
from rooms.interview import Interview, Status
from rooms.member import Member, MemberRole
from rooms.moderation import Moderation
from rooms.participant import MEMBERS_ONLY, Participant, Role
from rooms.people import SIGN_IN_LINK_MS, add_link, set_member
from rooms.principal import Principal
from rooms.seat import Seats
from rooms.text import fold

_OUT = "your account may not be in this room any more"

_members, _seats, _tickets = schema.members.c, schema.seats.c, schema.tickets.c

_log = structlog.get_logger("membership")


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Member]
    next_cursor: str | None


class Membership:
    """Invariants: an organisation keeps an owner who is active. Whoever is deactivated has, from that commit on, no
    session, link, ticket, socket or stream; who becomes limited, none in a room that is not assigned to him.
    """

    def __init__(
        self, database: Database, journal: Journal, registry: Registry, seats: Seats, moderation: Moderation
    ) -> None:
        self.on_out: Callable[[Collection[str]], None] = lambda _ids: None  # members and participants: what they hear
        self._database = database
        self._journal = journal
        self._registry = registry
        self._seats = seats
        self._moderation = moderation
        self._decisions = Decisions()

    async def page(self, principal: Principal, *, needle: str, cursor: str | None, limit: int) -> Page:
        """In the order of their names. Raises ScopeMissing, CursorInvalid."""
        principal.require(Right.SEE_MEMBERS)
        folded = fold(needle.strip())
        query = select(schema.members).where(_members.organisation_id == principal.organisation_id)
        async with self._database.reading() as connection:
            if cursor is not None:
                last = await store.member(connection, id=cursor)
                if last is None or last.organisation_id != principal.organisation_id:
                    raise CursorInvalid("The cursor is none that a page has named.")
                query = query.where(row_value(_members.name, _members.id) > (last.name, last.id))
            query = query.order_by(_members.name, _members.id).limit(None if folded else limit + 1)
            members = map(store.member_of_row, (await connection.execute(query)).mappings())
            found = list(islice((each for each in members if folded in fold(f"{each.name}\n{each.email}")), limit + 1))
        return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)

    async def change(
        self, principal: Principal, member_id: str, *, name: str | None = None, role: MemberRole | None = None
    ) -> Member:
        """Raises ScopeMissing, Unauthenticated, MemberIdUnknown, LastOwner."""
        return await self._decisions.make(self._change, principal, member_id, name, role)

    async def _change(self, principal: Principal, member_id: str, name: str | None, role: MemberRole | None) -> Member:
        async with self._journal.transaction() as transaction:
            asker, known = await _asked(transaction.connection, principal, member_id)
            if role is MemberRole.OWNER and known.role is not role:
                asker.require(Right.CHANGE_OWNER)
            member = replace(known, name=name or known.name, role=role or known.role)
            await set_member(transaction.connection, known, member, transaction.now_ms, Actor.of(asker))
            await announce_people(transaction, member.organisation_id)
            can_see = Principal.of_member(member).can_see
            out = []
            if member.role is not known.role:
                out = await self._turn_out(
                    transaction, member, lambda role, room: role in MEMBERS_ONLY and not can_see(room)
                )
        await self._free(out)
        return member

    async def deactivate(self, principal: Principal, member_id: str) -> Member:
        """At once: what is open of his is closed. Keys that he made go on, for they are the organisation's.

        Raises ScopeMissing, Unauthenticated, MemberIdUnknown, OneselfModerated, LastOwner.
        """
        return await self._decisions.make(self._deactivate, principal, member_id)

    async def _deactivate(self, principal: Principal, member_id: str) -> Member:
        async with self._journal.transaction() as transaction:
            connection, now_ms = transaction.connection, transaction.now_ms
            asker, known = await _asked(connection, principal, member_id)
            if known.id == asker.id:
                raise OneselfModerated("You cannot deactivate yourself. Ask another owner or admin.")
            if not known.is_active:
                return known
            member = replace(known, deactivated_at_ms=now_ms)
            await set_member(connection, known, member, now_ms, Actor.of(asker))
            await announce_people(transaction, member.organisation_id)
            out = await self._turn_out(transaction, member, lambda _role, _room: True)
            transaction.on_commit.append(lambda: self.on_out([member.id]))
        await self._free(out)
        return member

    async def reactivate(self, principal: Principal, member_id: str) -> Member:
        """He may sign in again. Raises ScopeMissing, Unauthenticated, MemberIdUnknown."""
        async with self._journal.transaction() as transaction:
            connection = transaction.connection
            asker, known = await _asked(connection, principal, member_id)
            member = replace(known, deactivated_at_ms=None)
            await set_member(connection, known, member, transaction.now_ms, Actor.of(asker))
            await announce_people(transaction, member.organisation_id)
            return member

    async def new_link(self, principal: Principal, member_id: str) -> tuple[str, int]:
        """A sign-in token, and when it expires. Raises ScopeMissing, Unauthenticated, MemberIdUnknown,
        MemberDeactivated.
        """
        async with self._database.writing() as connection:
            asker, member = await _asked(connection, principal, member_id)
            if not member.is_active:
                raise MemberDeactivated(
                    f"{member.name} is deactivated and cannot sign in. Reactivate the member first."
                )
            now_ms = self._journal.clock.now_ms()
            return await add_link(connection, member, now_ms, Actor.of(asker)), now_ms + SIGN_IN_LINK_MS

    async def _turn_out(
        self, transaction: Transaction, member: Member, is_out: Callable[[Role, Interview], bool]
    ) -> list[Participant]:
        """Revoke the member's tickets, in the roles and rooms that he ``is_out`` of, and close on commit what is open
        with them. Returns those who still have a seat.
        """
        connection = transaction.connection
        rooms, people = await _history(connection, member.id)
        out = {each.id: each for each in people if is_out(each.role, rooms[each.interview_id])}
        revoked = update(schema.tickets).where(_tickets.participant_id.in_(out), _tickets.revoked_at_ms.is_(None))
        await connection.execute(revoked.values(revoked_at_ms=transaction.now_ms))
        over = [each.id for each in out.values() if rooms[each.interview_id].status is Status.FINISHED]
        await connection.execute(delete(schema.seats).where(_seats.participant_id.in_(over)))  # it may be reopened
        seated = (
            await connection.execute(select(_seats.participant_id).where(_seats.participant_id.in_(out)))
        ).scalars()

        def close() -> None:
            self._moderation.decided += 1
            for each in out.values():
                for live in self._registry.opened(each.interview_id):
                    live.close_peers(CloseCode.TICKET, _OUT, each.id)
            self.on_out(out.keys())

        transaction.on_commit.append(close)
        await announce_member(transaction, member.organisation_id, member.id)
        return [out[participant_id] for participant_id in seated]

    async def _free(self, out: Collection[Participant]) -> None:
        """Pass the seats on. Each by itself: whatever is wrong with one room, the member is out already."""
        for participant in out:
            try:
                async with self._journal.transaction() as transaction:
                    interview = await store.interview(transaction.connection, participant.interview_id)
                    if interview is not None:
                        await self._seats.give_up(transaction, interview, participant, CloseCode.TICKET, _OUT)
            except SQLAlchemyError as error:
                _log.warning("a seat was not freed", participant=participant.id, reason=str(error))


async def _asked(connection: AsyncConnection, principal: Principal, member_id: str) -> tuple[Principal, Member]:
    """Who asks, as he is now, and about whom. Raises ScopeMissing, Unauthenticated, MemberIdUnknown."""
    asker = await authorised(connection, principal, Right.CHANGE_MEMBER)
    member = await store.member(connection, id=member_id)
    if member is None or member.organisation_id != asker.organisation_id:
        raise MemberIdUnknown("There is no such member in your organisation.")
    if member.role is MemberRole.OWNER:
        asker.require(Right.CHANGE_OWNER)
    return asker, member


async def _history(connection: AsyncConnection, member_id: str) -> tuple[dict[str, Interview], list[Participant]]:
    """The interviews in which the member has ever taken part, by id, and as whom."""
    own = schema.participants.c.member_id == member_id
    people = [
        store.participant_of_row(row)
        for row in (await connection.execute(select(schema.participants).where(own))).mappings()
    ]
    there = schema.interviews.c.id.in_(select(schema.participants.c.interview_id).where(own))
    rows = (await connection.execute(select(schema.interviews).where(there))).mappings()
    return {row["id"]: store.interview_of_row(row) for row in rows}, people
