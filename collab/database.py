"""The one handle to the database, and its migrations.

It lives in the lowest package because nothing lower exists; rooms declares its tables on the same metadata.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from sqlalchemy import MetaData, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

from collab.errors import DatabaseSilent, LogDamaged, SchemaTooNew, SchemaUnknown, is_locked
from collab.turn import Turn, TurnLate

metadata = MetaData()

_Result = TypeVar("_Result")
Statement = tuple[str, Sequence[Any]]

_BUSY_MS = 10_000
_BUSY_RETRY_S = 0.01
_PATIENCE_S = 4.0  # with the database answering no writer of ours, before one gives up
_SILENT_S = 0.1  # the same, where it is known that nothing does
_READERS = 4
_POOL_S = 10.0  # for one of them; far longer than they all take where the machine keeps up
_START_S = 60.0
_START_RETRY_S = 0.1
_MIGRATIONS = Path(__file__).parent / "migrations"

REVISIONS = tuple(sorted(path.name[:4] for path in (_MIGRATIONS / "versions").glob("0*.py")))
"""Of the schema, the oldest first."""


class Database:
    """SQLite in WAL mode with ``synchronous=FULL``: a commit that returned survives a power cut.

    Invariant: this process writes in BEGIN IMMEDIATE transactions, one at a time. Nobody waits for another process in a
    thread: who is not let in tries again, so that all go on at once when they can, and can be cancelled meanwhile.
    Nothing is committed into files that have lost their names: they are gone with this process.
    """

    def __init__(self, path: Path, writer: AsyncEngine, readers: AsyncEngine, driver: sqlite3.Connection) -> None:
        self._path = path
        self._files = _files(path)
        self._writer = writer
        self._readers = readers
        self._driver = driver
        self._turn = Turn()
        self._is_silent = False  # nothing has got on disk since somebody gave up
        self._answered_s = -inf
        event.listen(writer.sync_engine, "after_cursor_execute", self._answered)

    @classmethod
    async def open(cls, path: Path) -> "Database":
        """Open the database at ``path``, migrated to the newest schema; other processes may have it open too."""
        path.parent.mkdir(parents=True, exist_ok=True)
        await anyio.to_thread.run_sync(migrate, path)
        driver = sqlite3.connect(path, check_same_thread=False, cached_statements=8)
        _configure(driver, 0)
        driver.execute("SELECT * FROM alembic_version").fetchall()  # now its log is there, while it is open
        return cls(path, _engine(path, "BEGIN IMMEDIATE", 0, 1), _engine(path, "BEGIN", _BUSY_MS, _READERS), driver)

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection]:
        """A connection on one consistent snapshot."""
        async with _connected(self._readers) as connection:
            yield connection

    @asynccontextmanager
    async def writing(
        self, committed: Callable[[], None] | None = None, *, first: bool = False
    ) -> AsyncGenerator[AsyncConnection]:
        """The writer's connection in a transaction: committed at the end, rolled back on an exception; ``first``
        before others that wait for it.

        ``committed`` is called in the same breath as the commit, also when the caller is being cancelled: what it keeps
        in memory never disagrees with the disk. Raises DatabaseSilent.
        """
        asked_s = time.monotonic()

        def left_s() -> float:
            patience_s = _SILENT_S if self._is_silent else _PATIENCE_S
            return max(asked_s, self._answered_s) + min(patience_s, _PATIENCE_S) - time.monotonic()

        with self._heard():
            async with self._turn.taken(first=first, left_s=left_s), _connected(self._writer) as connection:
                await _let_in(partial(_begin, connection), left_s)
                yield connection
                await _to_the_end(self._commit(connection, committed))
            self._wrote()

    async def execute(self, statement: Callable[[], Statement | None], committed: Callable[[], None]) -> None:
        """One statement, which is a transaction of its own, by the driver: for the hot path, and before others.

        ``statement`` is asked when it is this writer's turn; ``committed`` is called as in ``writing``.
        Raises DatabaseSilent.
        """
        with self._heard():
            async with self._turn.taken(first=True):
                asked = statement()
                until_s = time.monotonic() + _PATIENCE_S
                if asked is not None:
                    await _let_in(partial(self._execute, asked, committed), lambda: until_s - time.monotonic())
                    self._wrote()

    async def _execute(self, statement: Statement, committed: Callable[[], None]) -> None:
        self._check_files()
        await anyio.to_thread.run_sync(self._driver.execute, *statement)
        committed()

    async def _commit(self, connection: AsyncConnection, committed: Callable[[], None] | None) -> None:
        try:
            self._check_files()
            await connection.commit()
        except BaseException:  # SQLite leaves the transaction open where the commit itself failed
            await connection.rollback()
            raise
        if committed is not None:
            committed()

    def _check_files(self) -> None:
        """Raises sqlite3.Error: SQLite would go on writing to files that are deleted or moved away."""
        if _files(self._path) != self._files:
            raise sqlite3.OperationalError("its files were deleted, moved or replaced while it was open")

    @contextmanager
    def _heard(self) -> Generator[None]:
        """What comes of an attempt to write. Raises DatabaseSilent, for what is not the fault of the writer."""
        try:
            yield
        except (IntegrityError, LogDamaged):
            raise
        except (DatabaseError, sqlite3.Error) as error:
            self._is_silent = True
            raise DatabaseSilent(getattr(error, "orig", error)) from error
        except TurnLate:
            self._is_silent = True
            raise DatabaseSilent(TimeoutError("nothing gets on disk")) from None

    def _wrote(self) -> None:
        self._is_silent = False
        self._answered()

    def _answered(self, *_: object) -> None:
        """A statement of ours has come back: whoever waits for his turn waits for us, not for the database."""
        self._answered_s = time.monotonic()

    async def close(self) -> None:
        async with self._turn.taken():
            await self._writer.dispose()
            self._driver.close()
        await self._readers.dispose()


class _Connection(AsyncConnection):
    """Its statements run to their end, whoever is cancelled meanwhile.

    Hazard: SQLAlchemy gives up a connection inside which it was cancelled, with the transaction still open in it, and
    nobody can write any more.
    """

    async def execute(self, *arguments: Any, **named: Any) -> Any:
        return await _to_the_end(super().execute(*arguments, **named))

    async def exec_driver_sql(self, *arguments: Any, **named: Any) -> Any:
        return await _to_the_end(super().exec_driver_sql(*arguments, **named))


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """Closed at the end; a transaction that is open then is rolled back. Raises DatabaseSilent: none becomes free."""
    connection = _Connection(engine)
    try:
        try:
            await _to_the_end(connection.start())
        except PoolTimeout:
            raise DatabaseSilent(TimeoutError("all connections to it are in use")) from None
        yield connection
    finally:
        if connection.sync_connection is not None:
            await _to_the_end(connection.close())


async def _begin(connection: AsyncConnection) -> None:
    await connection.begin()


async def _to_the_end(step: Coroutine[Any, Any, _Result]) -> _Result:
    """Await ``step`` to its end even while cancelled, then let the cancellation go on: half a commit has no answer."""
    task = asyncio.ensure_future(step)
    cancelled: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error
    result = task.result()
    if cancelled is not None:
        raise cancelled
    return result


async def _let_in(step: Callable[[], Coroutine[Any, Any, None]], left_s: Callable[[], float]) -> None:
    """Take ``step`` again for as long as another process has the database, and ``left_s`` lasts."""
    while True:
        try:
            await _to_the_end(step())
        except (DatabaseError, sqlite3.Error) as error:
            if not is_locked(getattr(error, "orig", error)) or left_s() <= 0:
                raise
        else:
            return
        await anyio.sleep(_BUSY_RETRY_S)


def _files(path: Path) -> list[tuple[int, int] | None]:
    """Which files have the names of a database and of its log."""
    found: list[tuple[int, int] | None] = []
    for end in ("", "-wal", "-shm"):
        try:
            file = Path(f"{path}{end}").stat()
        except OSError:
            found.append(None)
        else:
            found.append((file.st_dev, file.st_ino))
    return found


def _configure(connection: Any, busy_ms: int) -> None:
    connection.isolation_level = None  # the driver must not open transactions of its own
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={busy_ms}")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _prepare(begin: str, busy_ms: int, engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        _configure(connection, busy_ms)

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _engine(path: Path, begin: str, busy_ms: int, connections: int) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_POOL_S,
    )
    _prepare(begin, busy_ms, engine)
    return engine


def _use_wal(connection: Any) -> None:
    """SQLite does not wait by itself where another process does the same with a new database."""
    until_s = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until_s:
                raise
            time.sleep(_BUSY_RETRY_S)
        else:
            return


def wait_for(path: Path, waiting: Callable[[], None]) -> None:
    """Return when a writer is let in; ``waiting`` is called once where another process has the database.

    Raises sqlite3.Error, also where that lasts for longer than a minute.
    """
    until_s = time.monotonic() + _START_S
    is_told = False
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
            except sqlite3.OperationalError as error:
                if not is_locked(error) or time.monotonic() > until_s:
                    raise
            else:
                return
            if not is_told:
                is_told = True
                waiting()
            time.sleep(_START_RETRY_S)


def migrate(path: Path) -> None:
    """Bring the database at ``path`` to the newest schema, in one transaction. Raises SchemaUnknown."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        _use_wal(connection)

    try:
        with engine.connect() as connection:
            if _revision(connection) != REVISIONS[-1]:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                _upgrade(connection)
                connection.commit()
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    """The schema's; None in a new database. Raises SchemaUnknown."""
    tables = connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table'").scalars().all()
    if not tables:
        return None
    if "alembic_version" in tables:
        version: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if version is not None:
            return version
    raise SchemaUnknown("it has tables, but does not say of which version of Panelroom: restore a backup")


def _upgrade(connection: Connection) -> None:
    import alembic.command  # it takes a tenth of the time to start, and is seldom needed  # noqa: PLC0415
    import alembic.config  # noqa: PLC0415

    revision = _revision(connection)
    if revision is not None and revision not in REVISIONS:
        raise SchemaTooNew(revision, REVISIONS[-1])
    config = alembic.config.Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, "head")
