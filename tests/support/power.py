"""What SQLite writes to its files, recorded, so that a power cut can be played: ``panelroom`` on a disk that forgets.

``python -m tests.support.power`` is the command, with every write, truncation and sync of its databases appended to the
file ``POWER_LOG``. ``POWER_PRAGMAS`` are said on every connection, ``POWER_SYNC_S`` is what a sync takes. `Disk` reads
the log. What was synced is there after the cut, of the rest any sectors; of files made and removed, what the directory
was synced for, and any beginning of the rest. What is written while a sync goes on is not part of it.

The default VFS of the libsqlite3 that the interpreter uses has its methods replaced. Formats: sqlite.org/c3ref/vfs.html
and io_methods.html. The index in shared memory (-shm) does not outlive a process.
"""

import ctypes
import os
import random
import re
import sqlite3
import struct
import threading
import time
from collections.abc import Callable, Iterator
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

OPEN, DELETE, WRITE, TRUNCATE, SYNC = range(5)
SECTOR = 512
_RECORD = struct.Struct("<BQqI")  # kind, file or flag, offset or size or flag, length of what follows
_RECORDED = 0x100 | 0x800 | 0x80000  # databases, their journals, write-ahead logs

_Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)


class _Methods(Structure):
    _fields_ = [
        ("version", c_int),
        ("close", c_void_p),
        ("read", c_void_p),
        ("write", _Write),
        ("truncate", _Truncate),
        ("sync", _Sync),
        ("others", c_void_p * 13),
    ]


class _File(Structure):
    _fields_ = [("methods", POINTER(_Methods))]


# Names stay addresses: SQLite keeps them, and reads what it has put behind their ends.
_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, POINTER(_File), c_int, POINTER(c_int))
_Delete = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)


class _Vfs(Structure):
    _fields_ = [
        ("version", c_int),
        ("file_size", c_int),
        ("path_size", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", _Open),
        ("delete", _Delete),
        ("others", c_void_p * 14),
    ]


def library() -> ctypes.CDLL | None:
    """The very SQLite that the module sqlite3 calls, where it shows its functions."""
    with sqlite3.connect(":memory:"):
        maps = Path("/proc/self/maps")
        loaded = set(re.findall(r"/\S*sqlite3\S*\.so\S*", maps.read_text())) if maps.exists() else set()
    for path in sorted(loaded, key=lambda path: "_sqlite3" in path):
        found = ctypes.CDLL(path)
        if hasattr(found, "sqlite3_vfs_register"):
            found.sqlite3_vfs_find.restype = POINTER(_Vfs)
            return found
    return None


class Recorder:
    """Invariant: the log has the operations in an order in which they may have happened, each before it is answered.

    Nothing is really synced: the machine stays on. A record of a sync says how long the log was when it began.
    """

    def __init__(self, log: Path, sync_s: float) -> None:
        self._sync_s = sync_s
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._turn = threading.Lock()
        self._tables: dict[int, _Methods] = {}
        self._files: dict[int, int] = {}  # address -> number, unlike the address never used again
        self._last = os.getpid() << 32
        sqlite = library()
        assert sqlite is not None
        self._own = sqlite.sqlite3_vfs_find(None)
        self._vfs = _Vfs.from_buffer_copy(self._own.contents)
        self._vfs.name = b"power"
        self._vfs.open = _Open(self._open)
        self._vfs.delete = _Delete(self._delete)
        assert sqlite.sqlite3_vfs_register(ctypes.byref(self._vfs), 1) == 0

    def _append(self, kind: int, one: int, other: int, data: bytes) -> None:
        os.write(self._log, _RECORD.pack(kind, one, other, len(data)) + data)

    def _open(self, _vfs: int, name: int | None, file: Any, flags: int, out: Any) -> int:
        with self._turn:
            path = ctypes.string_at(name) if name else b""
            is_new = not os.path.exists(path)  # noqa: PTH110
            status: int = self._own.contents.open(ctypes.addressof(self._own.contents), name, file, flags, out)
            if status == 0 and path and flags & _RECORDED:
                self._last += 1
                self._files[ctypes.addressof(file.contents)] = self._last
                self._append(OPEN, self._last, is_new, path)
                file.contents.methods = ctypes.pointer(self._table(file.contents.methods.contents))
            return status

    def _delete(self, _vfs: int, name: int, is_synced: int) -> int:
        with self._turn:
            self._append(DELETE, is_synced, 0, ctypes.string_at(name))
            status: int = self._own.contents.delete(ctypes.addressof(self._own.contents), name, is_synced)
            return status

    def _table(self, methods: _Methods) -> _Methods:
        address = ctypes.addressof(methods)
        if address not in self._tables:
            table = _Methods.from_buffer_copy(methods)
            table.write = _Write(partial(self._write, methods.write))
            table.truncate = _Truncate(partial(self._truncate, methods.truncate))
            table.sync = _Sync(self._sync)
            self._tables[address] = table
        return self._tables[address]

    def _write(self, write: Callable[..., int], file: int, data: int, length: int, offset: int) -> int:
        with self._turn:
            self._append(WRITE, self._files[file], offset, ctypes.string_at(data, length))
            return write(file, data, length, offset)

    def _truncate(self, truncate: Callable[..., int], file: int, size: int) -> int:
        with self._turn:
            self._append(TRUNCATE, self._files[file], size, b"")
            return truncate(file, size)

    def _sync(self, file: int, _flags: int) -> int:
        with self._turn:
            began = os.fstat(self._log).st_size
        time.sleep(self._sync_s)
        with self._turn:
            self._append(SYNC, self._files[file], began, b"")
            return 0


@dataclass(frozen=True, slots=True)
class Change:
    """Of a file: bytes from an offset on, or without bytes its new size. ``at`` is where the log tells it."""

    at: int
    offset: int
    data: bytes | None

    def make(self, content: bytearray) -> None:
        if self.data is None:
            del content[self.offset :]
            content.extend(bytes(self.offset - len(content)))
        else:
            content.extend(bytes(max(0, self.offset + len(self.data) - len(content))))
            content[self.offset : self.offset + len(self.data)] = self.data

    def sectors(self) -> Iterator["Change"]:
        if self.data is None:
            yield self
            return
        end = self.offset + len(self.data)
        cuts = [self.offset, *range(self.offset // SECTOR * SECTOR + SECTOR, end, SECTOR), end]
        for start, stop in pairwise(cuts):
            yield Change(self.at, start, self.data[start - self.offset : stop - self.offset])


@dataclass(slots=True, eq=False)
class Inode:
    content: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)

    def sync(self, before: float = inf) -> None:
        for change in self.pending:
            if change.at < before:
                change.make(self.content)
        self.pending = [change for change in self.pending if change.at >= before]


class Disk:
    """What a computer has of a directory of databases when its power fails."""

    def __init__(self, folder: Path) -> None:
        """With what is there now, all of it synced."""
        self._folder = folder
        self._names = {str(file): Inode(bytearray(file.read_bytes())) for file in databases(folder)}
        self._synced = dict(self._names)
        self._changed: list[tuple[int, str, Inode | None]] = []  # in the directory, and not synced
        self._files: dict[int, tuple[str, Inode]] = {}

    def play(self, log: Path) -> None:
        for at, kind, one, other, data in records(log.read_bytes()):
            if kind == OPEN:
                name = data.decode()
                if other:
                    self._put(at, name, Inode())
                self._files[one] = name, self._names[name]
            elif kind == DELETE:
                self._put(at, data.decode(), None)
                if one:
                    self._sync_names(at + 1)
            elif kind == SYNC:
                name, inode = self._files[one]
                inode.sync(other)
                # SQLite syncs the directory of a journal that it has made, at the journal's first sync.
                if name.endswith(("-wal", "-journal")) and self._synced.get(name) is not inode:
                    self._sync_names(other)
            else:
                self._files[one][1].pending.append(Change(at, other, data if kind == WRITE else None))

    def _put(self, at: int, name: str, inode: Inode | None) -> None:
        self._changed.append((at, name, inode))
        put(self._names, name, inode)

    def _sync_names(self, before: int) -> None:
        for at, name, inode in self._changed:
            if at < before:
                put(self._synced, name, inode)
        self._changed = [change for change in self._changed if change[0] >= before]

    @property
    def unsynced(self) -> int:
        return len(self._changed) + sum(len(inode.pending) for inode in self._names.values())

    def whole(self) -> dict[str, bytes]:
        """As it would be without a power cut."""
        content = {name: Inode(bytearray(inode.content), list(inode.pending)) for name, inode in self._names.items()}
        for inode in content.values():
            inode.sync()
        return {name: bytes(inode.content) for name, inode in content.items()}

    def cut(self, chance: random.Random | None) -> None:
        """Leaves in the folder what the power cut leaves; without ``chance`` only what was synced."""
        left = dict(self._synced)
        changed = self._changed[: chance.randint(0, len(self._changed))] if chance is not None else []
        for _, name, inode in changed:
            put(left, name, inode)
        for file in self._folder.iterdir():
            if file in databases(self._folder) or file.name.endswith("-shm"):
                file.unlink()
        for name, inode in left.items():
            for change in survivors(inode.pending, chance) if chance is not None else []:
                change.make(inode.content)
            Path(name).write_bytes(inode.content)


def put(names: dict[str, Inode], name: str, inode: Inode | None) -> None:
    if inode is None:
        names.pop(name, None)
    else:
        names[name] = inode


def survivors(pending: list[Change], chance: random.Random) -> list[Change]:
    """What reaches the disk of what was not synced: nothing, a beginning, or any sectors."""
    pieces = [piece for change in pending for piece in change.sectors()]
    match chance.randrange(3):
        case 0:
            return []
        case 1:
            pieces = pieces[: chance.randint(0, len(pieces))]
            if pieces and (data := pieces[-1].data):  # the last one torn
                pieces[-1] = Change(pieces[-1].at, pieces[-1].offset, data[: chance.randint(0, len(data))])
            return pieces
        case _:
            kept = chance.choice((0.1, 0.5, 0.9))
            return [piece for piece in pieces if chance.random() < kept]


def databases(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if re.fullmatch(r".*\.db(-wal|-journal)?", file.name)]


def records(log: bytes) -> Iterator[tuple[int, int, int, int, bytes]]:
    """Each with its place; without the last one where that is not whole: it was never answered."""
    at = 0
    while at + _RECORD.size <= len(log):
        kind, one, other, length = _RECORD.unpack_from(log, at)
        end = at + _RECORD.size + length
        if end <= len(log):
            yield at, kind, one, other, log[end - length : end]
        at = end


if __name__ == "__main__":
    import collab.database
    from web.cli import main

    own = vars(collab.database)["_configure"]

    def configure(connection: Any, *others: Any) -> None:
        own(connection, *others)
        for pragma in os.environ["POWER_PRAGMAS"].split():
            connection.cursor().execute(f"PRAGMA {pragma}")

    vars(collab.database)["_configure"] = configure
    recorder = Recorder(Path(os.environ["POWER_LOG"]), float(os.environ["POWER_SYNC_S"]))
    main()
