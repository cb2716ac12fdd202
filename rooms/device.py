"""The SQL of devices, the browsers that people come with, and of their removal, like that of ``store``."""

import secrets
from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_once
from sqlalchemy.ext.asyncio import AsyncConnection

from rooms import schema, store
from rooms.participant import Participant, Role

_devices, _participants, _removals, _tickets = (
    schema.devices.c,
    schema.participants.c,
    schema.removals.c,
    schema.tickets.c,
)


async def device_of(connection: AsyncConnection, secret_hash: str) -> str | None:
    row = await store.one(connection, select(_devices.id).where(_devices.secret_hash == secret_hash))
    return None if row is None else row["id"]


async def add_device(connection: AsyncConnection, secret_hash: str, browser: str, now_ms: int) -> str:
    device_id = secrets.token_hex(6)
    row = {"id": device_id, "secret_hash": secret_hash, "browser": browser, "created_at_ms": now_ms}
    await connection.execute(insert(schema.devices).values(row))
    return device_id


async def name_device(connection: AsyncConnection, device_id: str, browser: str) -> None:
    """By what it says of itself now."""
    changed = update(schema.devices).where(_devices.id == device_id, _devices.browser != browser)
    await connection.execute(changed.values(browser=browser))


async def devices_of(
    connection: AsyncConnection, interview_id: str, participant_id: str | None = None
) -> dict[str, list[dict[str, Any]]]:
    """What each participant, or this one, may come in with, as interviewers are shown it; what came first is first."""
    came = (
        select(_tickets.device_id, func.min(_tickets.issued_at_ms).label("since_ms"))
        .join(schema.participants, _participants.id == _tickets.participant_id)
        .where(_participants.interview_id == interview_id)
        .group_by(_tickets.device_id)
        .subquery()
    )
    query = (
        select(_tickets.participant_id, _devices.id, _devices.browser, came.c.since_ms)
        .join_from(schema.tickets, schema.participants, _participants.id == _tickets.participant_id)
        .join(schema.devices, _devices.id == _tickets.device_id)
        .join(came, came.c.device_id == _devices.id)
        .where(_participants.interview_id == interview_id, _tickets.revoked_at_ms.is_(None))
        .distinct()
        .order_by(came.c.since_ms, _devices.id)
    )
    if participant_id is not None:
        query = query.where(_participants.id == participant_id)
    found: dict[str, list[dict[str, Any]]] = {}
    for who, device_id, browser, since_ms in await connection.execute(query):
        found.setdefault(who, []).append({"id": device_id, "browser": browser, "since_ms": since_ms})
    return found


async def used_devices(connection: AsyncConnection, participant_ids: Iterable[str]) -> set[str]:
    """All that they ever came with."""
    used = select(_tickets.device_id).where(
        _tickets.participant_id.in_(participant_ids), _tickets.device_id.is_not(None)
    )
    return set((await connection.execute(used)).scalars())


async def revoke(
    connection: AsyncConnection, participant_id: str, now_ms: int, *, device_id: str | None = None
) -> None:
    """The tickets of a participant, or those of one device."""
    counting = update(schema.tickets).where(_tickets.participant_id == participant_id, _tickets.revoked_at_ms.is_(None))
    if device_id is not None:
        counting = counting.where(_tickets.device_id == device_id)
    await connection.execute(counting.values(revoked_at_ms=now_ms))


async def bar(
    connection: AsyncConnection, interview_id: str, device_ids: Iterable[str], reason: str, by: dict[str, str]
) -> None:
    """Let visitors come with none of them any more."""
    for device_id in device_ids:
        row = {"interview_id": interview_id, "device_id": device_id, "reason": reason, "removed_by": by}
        await connection.execute(insert_once(schema.removals).values(row).on_conflict_do_nothing())


async def unbar(connection: AsyncConnection, interview_id: str, device_ids: Iterable[str]) -> int:
    """How many were barred."""
    barred = delete(schema.removals).where(_removals.interview_id == interview_id, _removals.device_id.in_(device_ids))
    return (await connection.execute(barred)).rowcount


async def removal_of(
    connection: AsyncConnection, interview_id: str, device_ids: Iterable[str | None]
) -> tuple[str, dict[str, str] | None] | None:
    """Why one of these devices was removed from the interview ("" where no reason was given), and by whom."""
    query = select(_removals.reason, _removals.removed_by).where(
        _removals.interview_id == interview_id, _removals.device_id.in_(device_ids)
    )
    row = await store.one(connection, query.limit(1))
    return None if row is None else (row["reason"], row["removed_by"])


async def removed(connection: AsyncConnection, interview_id: str) -> list[dict[str, Any]]:
    """The people, and devices of the candidate's, who may not come in, as interviewers are shown them."""
    there = await store.participants_of(connection, interview_id)
    people = [
        _shown(each, None, "", each.removed_reason, each.removed_by)
        for each in there
        if each.removed_reason is not None
    ]
    candidate = next((each for each in there if each.role is Role.CANDIDATE), None)
    if candidate is None:
        return people
    used = await used_devices(connection, [candidate.id])
    query = (
        select(_devices.browser, schema.removals)
        .join_from(schema.removals, schema.devices, _devices.id == _removals.device_id)
        .where(_removals.interview_id == interview_id, _removals.device_id.in_(used))
        .order_by(_devices.created_at_ms, _devices.id)
    )
    rows = (await connection.execute(query)).mappings()
    return people + [
        _shown(candidate, row["device_id"], row["browser"], row["reason"], row["removed_by"]) for row in rows
    ]


def _shown(
    participant: Participant, device_id: str | None, browser: str, reason: str, by: dict[str, str] | None
) -> dict[str, Any]:
    return {
        "id": participant.id,
        "device": device_id,
        "browser": browser,
        "name": participant.name,
        "reason": reason or None,
        "by": by,
    }


async def removed_guests(
    connection: AsyncConnection, interview_id: str, device_ids: Iterable[str]
) -> list[Participant]:
    """Those who came to the interview with one of these devices, and are known by nothing else."""
    came = select(_tickets.participant_id).where(
        _tickets.participant_id == _participants.id, _tickets.device_id.in_(device_ids)
    )
    query = select(_participants.id).where(
        _participants.interview_id == interview_id,
        _participants.member_id.is_(None),
        _participants.removed_reason.is_not(None),
        came.exists(),
    )
    ids = set((await connection.execute(query)).scalars())
    return [each for each in await store.participants_of(connection, interview_id) if each.id in ids]


async def mute_reason(connection: AsyncConnection, interview_id: str, device_id: str) -> str | None:
    """Why somebody who came to the interview with this device is muted; "" where no reason was given."""
    query = (
        select(_participants.muted_reason)
        .join(schema.tickets, _tickets.participant_id == _participants.id)
        .where(
            _participants.interview_id == interview_id,
            _participants.muted_reason.is_not(None),
            _tickets.device_id == device_id,
        )
    )
    row = await store.one(connection, query.limit(1))
    return None if row is None else row["muted_reason"]
