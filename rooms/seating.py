"""The SQL of seats, like that of ``store``."""

from collections.abc import Mapping
from dataclasses import asdict

from sqlalchemy import RowMapping, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from rooms import schema, store
from rooms.interview import Status
from rooms.participant import Role
from rooms.policy import Seat, State

_OF_PARTICIPANT = select(schema.seats).where(schema.seats.c.participant_id == bindparam("participant_id"))


def _seat(row: RowMapping) -> Seat:
    return Seat(
        row["participant_id"],
        row["interview_id"],
        Role(row["role"]),
        State(row["state"]),
        row["number"],
        row["until_ms"],
    )


async def of_interview(connection: AsyncConnection, interview_id: str) -> list[Seat]:
    """In the order of asking, also those that have lapsed."""
    query = select(schema.seats).where(schema.seats.c.interview_id == interview_id).order_by(schema.seats.c.number)
    return [_seat(row) for row in (await connection.execute(query)).mappings()]


async def of_participant(connection: AsyncConnection, participant_id: str, now_ms: int = 0) -> Seat | None:
    """None also where it has lapsed."""
    row = await store.one(connection, _OF_PARTICIPANT, participant_id=participant_id)
    if row is None:
        return None
    found = _seat(row)
    return found if found.is_live(now_ms) else None


async def put(connection: AsyncConnection, before: Mapping[str, Seat], after: Mapping[str, Seat]) -> None:
    """Change what has changed."""
    changed = [seat for who, seat in after.items() if before.get(who) != seat]
    out = [who for who in before if who not in after] + [seat.participant_id for seat in changed]
    if out:
        await connection.execute(delete(schema.seats).where(schema.seats.c.participant_id.in_(out)))
    if changed:
        await connection.execute(insert(schema.seats), [asdict(seat) for seat in changed])


async def keep(connection: AsyncConnection, interview_id: str) -> None:
    """As they are: an interview that is over may be reopened."""
    await connection.execute(
        update(schema.seats)
        .where(schema.seats.c.interview_id == interview_id, schema.seats.c.until_ms.is_not(None))
        .values(until_ms=None)
    )


async def left_behind(connection: AsyncConnection, until_ms: int) -> list[Seat]:
    """Those that the process before held for connections, in what is not over. Of the others none is kept for longer
    than ``until_ms``: the clock may have been set back.
    """
    await connection.execute(update(schema.seats).where(schema.seats.c.until_ms > until_ms).values(until_ms=until_ms))
    live = select(schema.interviews.c.id).where(schema.interviews.c.status.in_([Status.PENDING, Status.ACTIVE]))
    query = select(schema.seats).where(schema.seats.c.until_ms.is_(None), schema.seats.c.interview_id.in_(live))
    return [_seat(row) for row in (await connection.execute(query)).mappings()]


async def counted(connection: AsyncConnection) -> dict[tuple[Role, State], int]:
    """How many seats there are in what is not over."""
    live = select(schema.interviews.c.id).where(schema.interviews.c.status.in_([Status.PENDING, Status.ACTIVE]))
    columns = schema.seats.c.role, schema.seats.c.state
    query = select(*columns, func.count()).where(schema.seats.c.interview_id.in_(live)).group_by(*columns)
    return {(Role(role), State(state)): number for role, state, number in await connection.execute(query)}


async def lapsed(connection: AsyncConnection, now_ms: int) -> list[str]:
    """The interviews in which something has."""
    query = select(schema.seats.c.interview_id).where(schema.seats.c.until_ms <= now_ms).distinct()
    return list((await connection.execute(query)).scalars())


async def next_end_ms(connection: AsyncConnection) -> int | None:
    """When the next seat lapses."""
    end_ms: int | None = (await connection.execute(select(func.min(schema.seats.c.until_ms)))).scalar_one()
    return end_ms
