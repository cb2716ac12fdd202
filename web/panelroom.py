"""What one process serves, put together."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from collab.clock import Clock
from collab.database import Database
from collab.gate import Limits
from collab.journal import Journal
from collab.note import NO_NOTE, Note, Poison
from collab.quarantine import Quarantine
from collab.registry import Registry
from collab.turn import Turn
from replay.cache import Cache
from replay.recording import Replay
from rooms.audience import recorded
from rooms.service import Service
from web.metric import Metrics
from web.rate import Rate
from web.readiness import Readiness
from web.settings import Settings
from web.stream import Streams
from web.watch import Watch

DATABASE_NAME = "panelroom.db"
CACHE_NAME = "cache.db"


@dataclass(frozen=True, slots=True)
class Panelroom:
    """What one process serves."""

    settings: Settings
    data: Path
    database: Database
    clock: Clock
    journal: Journal
    registry: Registry
    rooms: Service
    replay: Replay
    joins: Rate
    sign_ins: Rate
    wrong_passwords: Rate
    door: Turn
    chats: Rate
    streams: Streams
    metrics: Metrics
    watch: Watch
    readiness: Readiness

    @classmethod
    async def open(cls, settings: Settings, data: Path, note: Note = NO_NOTE, poisons: Iterable[Poison] = ()) -> Self:
        """Everything but its background tasks; ``data`` is made where it is missing. ``poisons`` have ended servers."""
        database = await Database.open(data / DATABASE_NAME)
        clock = Clock.of(data)
        quarantine = await Quarantine.open(database, clock)
        for noted, reason in poisons:
            await quarantine.add(noted, reason)
        journal = Journal(
            database,
            clock,
            group_ms=settings.journal_group_ms,
            max_queued=settings.journal_queue_updates,
            max_queued_bytes=settings.journal_queue_bytes,
            recorded=recorded,
        )
        limits = Limits(**{field.name: getattr(settings, field.name) for field in fields(Limits)})
        registry = Registry(
            journal,
            limits,
            idle_s=settings.evict_s,
            tick_s=settings.keep_alive_s,
            note=note,
            quarantine=quarantine,
        )
        rooms = Service(
            database, journal, registry, clock, reopen_s=settings.reopen_s, seat_hold_s=settings.seat_hold_s
        )
        replay = Replay(journal, note, quarantine, Cache(data / CACHE_NAME))
        registry.on_quiet = replay.derive_soon
        streams = Streams()
        rooms.membership.on_out = streams.end
        metrics = Metrics(
            database=database,
            path=data / DATABASE_NAME,
            cache=data / CACHE_NAME,
            clock=clock,
            journal=journal,
            registry=registry,
            quarantine=quarantine,
            rooms=rooms,
            replay=replay,
            streams=streams,
        )
        return cls(
            settings=settings,
            data=data,
            database=database,
            clock=clock,
            journal=journal,
            registry=registry,
            rooms=rooms,
            replay=replay,
            joins=Rate(settings.joins_per_min),
            sign_ins=Rate(settings.sign_ins_per_min),
            wrong_passwords=Rate(min(1, settings.wrong_passwords), burst=settings.wrong_passwords),
            door=Turn(),
            chats=Rate(settings.chats_per_min),
            streams=streams,
            metrics=metrics,
            watch=Watch(metrics, clock, journal),
            readiness=Readiness(database, data / DATABASE_NAME, journal, registry, settings.min_free_bytes),
        )
