"""A copy of the database while it is written to, and the way back.

A copy is one file: whole, checked, on disk, and under its name only then.
"""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from collab.database import REVISIONS

_SLICE_PAGES = 1_000  # 4 MB
_PAUSE_S = 0.005  # between two slices: the disk belongs to those who type
_BESIDE = ("-wal", "-shm", "-journal")
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)

Progress = Callable[[str, float], None]
"""Called with what is being done and how much of it has been, from 0 to 1."""


class BackupFailed(Exception):
    """Raised when there is no backup, or nothing was restored; says why in a sentence."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a database holds."""

    revision: str
    interviews: int
    entries: int
    bytes: int

    def __str__(self) -> str:
        return f"{self.interviews:,} interviews with {self.entries:,} entries, {self.bytes / 2**20:,.1f} MB, checked"


def back_up(
    database: Path, file: Path, progress: Progress, *, overwrite: bool = False, beside: tuple[str, ...] = ()
) -> Content:
    """Copy the database at ``database`` to ``file``, as it is when the copying begins. ``beside`` are the names that
    others have in its directory. Raises BackupFailed.
    """
    if not database.is_file():
        raise BackupFailed(f"There is no database in {database.parent}. Choose the directory with --data.")
    if _belongs(file, database, beside):
        raise BackupFailed(f"{file} belongs to the database or to what is kept beside it. Choose another name.")
    if os.path.lexists(file) and not (overwrite and (file.is_file() or not file.exists())):
        advice = "Name a file in it." if file.is_dir() else "Choose another name, or say --overwrite."
        raise BackupFailed(f"{file} is there already. {advice}")
    try:
        with _written(file) as copy:
            _copy(database, copy, progress)
            content = _examined(copy, database, progress)
    except OSError as error:
        raise BackupFailed(f"Cannot write {file}: {error.strerror}.") from None
    except sqlite3.Error as error:
        raise BackupFailed(f"Cannot copy {database} to {file}: {error}.") from None
    return content


def restore(file: Path, database: Path, progress: Progress) -> tuple[Content, Path | None]:
    """Put a backup in the place of the database at ``database``, which nobody may be using.

    Returns what it holds, and where what was there is kept. Raises BackupFailed: then nothing has changed.
    """
    if not file.is_file():
        raise BackupFailed(f"There is no file {file}.")
    if _is_same(file, database):
        raise BackupFailed(f"{file} is the database itself.")
    if (wal := Path(f"{file}-wal")).exists() and wal.stat().st_size:
        raise BackupFailed(
            f"{file} is no finished backup: {wal.name} beside it holds a part of it."
            " Make one of both with: panelroom backup."
        )
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        with _written(database) as copy:
            _copy(file, copy, progress, "mode=ro&immutable=1")
            content = _examined(copy, file, progress)
            if content.revision not in REVISIONS:
                raise BackupFailed(f"{file} is of a newer version of Panelroom (schema {content.revision}).")
            kept = _put_aside(database)
    except OSError as error:
        raise BackupFailed(f"Cannot write {database}: {error.strerror}.") from None
    except sqlite3.Error as error:
        if error.sqlite_errorcode in _NO_ROOM:
            raise BackupFailed(f"Cannot write {database}: {error}.") from None
        raise BackupFailed(f"{file} is no backup of Panelroom, or damaged: {error}.") from None
    return content, kept


def _copy(source: Path, target: Path, progress: Progress, options: str = "mode=rw") -> None:
    """Everything as it is now.

    Hazard: between two slices SQLite begins again if another process has written meanwhile, for ever beside a busy
    server. It does not while the source's connection stays in one read transaction.
    """
    with closing(_opened(source, options)) as here, closing(sqlite3.connect(target, isolation_level=None)) as there:
        here.execute("BEGIN")
        here.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        there.execute("PRAGMA journal_mode=OFF")
        there.execute("PRAGMA synchronous=OFF")

        def copied(_: int, left: int, pages: int) -> None:
            progress("copied", 1 - left / pages if pages else 1)

        here.backup(there, pages=_SLICE_PAGES, progress=copied, sleep=_PAUSE_S)
        there.execute("PRAGMA journal_mode=DELETE")  # in WAL mode nobody could read it without writing beside it


def _examined(copy: Path, named: Path, progress: Progress) -> Content:
    """What a copy of ``named`` holds. Raises BackupFailed where it is not whole, or not of this program."""
    with closing(_opened(copy, "mode=ro&immutable=1")) as connection:
        progress("checked", 0)
        try:
            said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
        except sqlite3.DatabaseError as error:
            said = [str(error)]
        if said != ["ok"]:
            raise BackupFailed(f"{named} is damaged: {'; '.join('; '.join(said).splitlines())}.")
        progress("checked", 1)
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if not {"alembic_version", "entry"} <= tables:
            raise BackupFailed(f"{named} is a database, but not one of Panelroom.")
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if version is None:
            raise BackupFailed(f"{named} is damaged: it does not say of which version of Panelroom it is.")
        interviews, entries = (
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] if table in tables else 0  # noqa: S608
            for table in ("interview", "entry")
        )
        return Content(version[0], interviews, entries, copy.stat().st_size)


def _put_aside(database: Path) -> Path | None:
    """Give what is at ``database`` another name too: one file with everything in it, where that can be read."""
    kept = database.with_name(f"{database.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    if database.exists():
        try:
            with closing(_opened(database, "mode=rw")) as connection:
                connection.execute("PRAGMA journal_mode=DELETE")  # fails while anybody else has it open
        except sqlite3.Error as error:
            if error.sqlite_errorcode & 0xFF not in _DAMAGED:
                raise BackupFailed(f"{database} cannot be put aside: {error}.") from None
    # Only where it is damaged, or gone: applied to another database they would destroy it.
    for end in _BESIDE:
        with suppress(FileNotFoundError):
            Path(f"{database}{end}").rename(f"{kept}{end}")
    if not database.exists():
        return None
    try:
        kept.hardlink_to(database)
    except OSError:  # not every file system can
        database.rename(kept)
    return kept


def _opened(path: Path, options: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?{options}", uri=True, isolation_level=None)


@contextmanager
def _written(file: Path) -> Generator[Path]:
    """A temporary file beside ``file``, for its owner alone; on disk, it takes its place at the end of the block."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".part", dir=file.absolute().parent)
    part = Path(name)
    try:
        yield part
        os.fsync(descriptor)
        part.replace(file)
    finally:
        os.close(descriptor)
        part.unlink(missing_ok=True)
    directory = os.open(file.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _belongs(file: Path, database: Path, beside: tuple[str, ...]) -> bool:
    """Whether that name is taken in the directory of the database, there or not: SQLite takes what it finds at
    ``-wal`` or ``-journal`` for its own, and deletes it. Of a link, its name as well as what it leads to.
    """
    there = {database.resolve(), database.parent.resolve() / database.name}
    names = {(path.parent, name) for path in there for name in (path.name, *beside)}
    return _is_same(file, database) or any(
        path.parent == parent and path.name.startswith(name)
        for path in (file.resolve(), file.parent.resolve() / file.name)
        for parent, name in names
    )


def _is_same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)
