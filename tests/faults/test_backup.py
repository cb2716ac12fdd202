"""Row 25 of the catalogue: copied while people type, restored elsewhere; and what may not become a backup, or take the
place of a database.
"""

import asyncio
import random
import resource
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from anyio import to_thread
from pycrdt import Doc, Text
from typer.testing import CliRunner

from collab.backup import restore
from collab.database import migrate
from collab.log import Entry
from replay.chain import Chain
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.server import ROOT, Server, serving
from web.app import create_app
from web.claim import claim
from web.cli import app
from web.settings import Settings

ROLES = {"Cleo": "candidate", "Olga": "interviewer", "Gus": "guest", "Hal": "guest"}
NAME = "panelroom.db"


def panelroom(data: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    words = Server(data)._panelroom(*map(str, arguments))
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def succeed(data: Path, *arguments: str | Path) -> None:
    with panelroom(data, *arguments) as process:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out) == (0, ""), err


def log_of(database: Path, interview: str, last: int | None = None) -> list[Entry]:
    """The entries of an interview, up to the last one."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT log, entry, at_ms, document, delivered_by, kind, payload FROM entry WHERE log = ? AND entry <= ?"
            " ORDER BY entry",
            (interview, 2**62 if last is None else last),
        )
        return [Entry(*row) for row in rows]


def head(log: list[Entry]) -> str:
    chain = Chain(log[0].log)
    for entry in log:
        chain.take(entry)
    return chain.head.hex()


def replayed(log: list[Entry]) -> Doc[Text]:
    document: Doc[Text] = Doc({"source": Text()})
    for entry in log:
        if entry.kind == "update" and entry.document == entry.log:
            document.apply_update(entry.payload)
    return document


async def type_on(crowd: Crowd, name: str, chance: random.Random, over: asyncio.Event) -> None:
    peer = crowd[name]
    while not over.is_set():
        await crowd.scribble(chance, name)
        await crowd.until(lambda: len(peer.counted) - peer.confirmed < 20, f"{name} may type on")


@pytest.mark.anyio
@pytest.mark.parametrize(("rooms", "times"), [(2, 1), pytest.param(20, 3, marks=pytest.mark.long)])
async def test_copied_while_people_type_and_restored_elsewhere(tmp_path: Path, rooms: int, times: int) -> None:
    """All that was acknowledged before is in it, and every room is a whole beginning of the one that went on."""
    chance, elsewhere = random.Random(25), tmp_path
    with serving(tmp_path / "data") as server:
        async with Api(server) as api:
            over = asyncio.Event()
            crowds = [Crowd(api, await api.create()) for _ in range(rooms)]
            for crowd in crowds:
                for name, role in ROLES.items():
                    await crowd.join(name, role)
            async with asyncio.TaskGroup() as typing:
                for crowd in crowds:
                    for name in ROLES:
                        typing.create_task(type_on(crowd, name, chance, over))
                for number in range(times):
                    file, elsewhere = tmp_path / f"{number}.db", tmp_path / f"elsewhere {number}"
                    acknowledged = {}
                    for crowd in crowds:
                        peers = crowd.peers.values()
                        wanted = sum(len(peer.durable) for peer in peers) + 20
                        enough: Callable[[], bool] = lambda peers=peers, wanted=wanted: (  # type: ignore[misc]  # noqa: E731
                            sum(len(peer.durable) for peer in peers) >= wanted
                        )
                        await crowd.until(enough, "more is acknowledged")
                        acknowledged[crowd.interview] = {update for peer in peers for update in peer.durable}
                    await to_thread.run_sync(succeed, server.data, "backup", file)
                    restore(file, elsewhere / NAME, lambda *_: None)
                    await to_thread.run_sync(same_as_then, elsewhere / NAME, server.data / NAME, acknowledged)
                over.set()
            for crowd in crowds:
                await crowd.settle(60)
                for peer in crowd.peers.values():
                    await peer.stop()
    restored = create_app(Settings(), elsewhere)
    async with restored.test_app():
        replay = restored.extensions["panelroom"].replay
        for crowd in crowds:
            log = log_of(elsewhere / NAME, crowd.interview)
            (code,) = (await replay.overview(crowd.interview, [crowd.interview])).documents
            assert code.head_hash == head(log)
            _, _, files = await replay.text(crowd.interview, crowd.interview, 2**52)
            assert files == {"source": str(replayed(log)["source"])}


def same_as_then(restored: Path, database: Path, acknowledged: dict[str, set[bytes]]) -> None:
    for interview, updates in acknowledged.items():
        log = log_of(restored, interview)
        assert log == log_of(database, interview, last=log[-1].entry)
        document = replayed(log)
        state, text = document.get_state(), str(document["source"])
        for update in updates:
            document.apply_update(update)
        assert (document.get_state(), str(document["source"])) == (state, text), "something acknowledged is missing"


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    return CliRunner()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A database with 100,000 entries in the default place, which nobody has open."""
    path = tmp_path / "data" / NAME
    path.parent.mkdir()
    migrate(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO entry VALUES ('room', ?, 0, 'room', 'ada', 'update', ?)",
            ((number, number.to_bytes(50)) for number in range(1, 100_001)),
        )
    return path.parent


def refused(runner: CliRunner, *arguments: str) -> str:
    """The one sentence that it ends in."""
    done = runner.invoke(app, arguments)
    assert (done.exit_code, done.stdout) == (1, ""), done.output
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def content(database: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT * FROM entry ORDER BY entry").fetchall()


def test_a_writer_that_never_pauses_does_not_make_it_begin_again(runner: CliRunner, data: Path) -> None:
    """Every slice of the copy finds that another connection has written since the last one."""
    with closing(sqlite3.connect(data / NAME, isolation_level=None)) as writer:
        number = 100_000

        def write(*_: object) -> None:
            nonlocal number
            number += 1
            writer.execute("INSERT INTO entry VALUES ('room', ?, 0, 'room', 'ada', 'update', x'00')", (number,))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("collab.backup._SLICE_PAGES", 100)
            patch.setattr("web.cli._Progress.__call__", write)
            done = runner.invoke(app, ["backup", "copy.db"])
    assert done.exit_code == 0, done.output
    assert number > 100_010
    assert len(content(Path("copy.db"))) == 100_000


def test_a_backup_is_one_file_for_its_owner_alone(runner: CliRunner, data: Path, tmp_path: Path) -> None:
    done = runner.invoke(app, ["backup", "copy.db"])
    assert (done.exit_code, done.stdout) == (0, "")
    assert "100,000 entries" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "data"]
    copy = tmp_path / "copy.db"
    assert copy.stat().st_mode & 0o777 == 0o600
    copy.chmod(0o400)
    assert content(copy) == content(data / NAME)
    before = copy.read_bytes()
    assert "--overwrite" in refused(runner, "backup", "copy.db")
    assert copy.read_bytes() == before
    assert runner.invoke(app, ["backup", "copy.db", "--overwrite"]).exit_code == 0


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("data/panelroom.db", "belongs to the database"),
        ("data/panelroom.db-wal", "belongs to the database"),
        ("data/panelroom.db-journal", "belongs to the database"),
        ("data/server.lock", "belongs to the database"),
        ("data/clock.json", "belongs to the database"),
        ("data/cache.db-wal", "belongs to the database"),
        ("link", "belongs to the database"),
        ("data", "Name a file"),
        ("nowhere/copy.db", "No such file or directory"),
    ],
)
def test_what_cannot_be_a_backup(runner: CliRunner, data: Path, file: str, words: str) -> None:
    """Neither what is there, nor what is not there now: SQLite deletes a log that is not its own."""
    before = (data / NAME).read_bytes()
    Path("link").symlink_to(data / f"{NAME}-wal")
    assert words in refused(runner, "backup", file, "--overwrite")
    assert (data / NAME).read_bytes() == before
    assert [path.name for path in data.iterdir()] == [NAME]


def test_nothing_of_a_data_directory_can_be_a_backup(runner: CliRunner, tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        while_it_runs = list(server.data.iterdir())
        for file in while_it_runs:
            assert "belongs to the database" in refused(runner, "backup", str(file), "--overwrite")
    assert len(while_it_runs) > 4


def test_a_link_to_nowhere_is_there(runner: CliRunner, data: Path) -> None:
    link = Path("copy.db")
    link.symlink_to("nowhere")
    assert "--overwrite" in refused(runner, "backup", "copy.db")
    assert link.readlink() == Path("nowhere")
    assert runner.invoke(app, ["backup", "copy.db", "--overwrite"]).exit_code == 0
    assert content(link) == content(data / NAME)


def test_a_database_that_does_not_say_its_version(runner: CliRunner, data: Path) -> None:
    make_nameless(data / NAME)
    assert "does not say" in refused(runner, "backup", "copy.db")
    assert not Path("copy.db").exists()


def test_without_a_database_there_is_no_backup(runner: CliRunner, tmp_path: Path) -> None:
    assert "no database" in refused(runner, "backup", "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_database_is_said(runner: CliRunner, data: Path) -> None:
    damage(data / NAME)
    assert "is damaged" in refused(runner, "backup", "copy.db")
    assert not Path("copy.db").exists()


def damage(database: Path) -> None:
    with database.open("r+b") as file:
        for page in range(100, 110):
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)


def test_killed_half_way_there_is_no_backup(data: Path, tmp_path: Path) -> None:
    """kill -9 while it copies: nothing has the name of the backup, and the next one is made."""
    file = tmp_path / "copy.db"
    with panelroom(data, "backup", file) as process:
        while not list(tmp_path.glob(".copy.db.*.part")):
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert not file.exists()
    succeed(data, "backup", file)
    assert content(file) == content(data / NAME)


def test_restored_what_was_there_is_kept(runner: CliRunner, data: Path) -> None:
    runner.invoke(app, ["backup", "copy.db"])
    with closing(sqlite3.connect(data / NAME)) as later, later:
        later.execute("DELETE FROM entry WHERE entry > 10")
    (data / "cache.db").touch()
    (data / "cache.db-wal").touch()
    done = runner.invoke(app, ["restore", "copy.db"])
    assert (done.exit_code, done.stdout) == (0, ""), done.output
    assert len(content(data / NAME)) == 100_000
    assert (data / NAME).stat().st_mode & 0o777 == 0o600
    (kept,) = data.glob("panelroom.db.before-*")
    assert str(kept.name) in done.stderr
    assert len(content(kept)) == 10
    assert sorted(path.name for path in data.iterdir()) == [NAME, kept.name, "server.lock"]


def test_the_log_of_another_database_is_not_applied_to_it(runner: CliRunner, data: Path) -> None:
    """What a crash has left beside it: it belongs to what was there, and goes with it."""
    runner.invoke(app, ["backup", "copy.db"])
    writer = sqlite3.connect(data / NAME)
    writer.execute("PRAGMA wal_autocheckpoint=0")
    with writer:
        writer.execute("DELETE FROM entry WHERE entry > 10")
    crashed = Path("crashed")
    crashed.mkdir()
    for end in ("", "-wal"):
        (crashed / f"{NAME}{end}").write_bytes(Path(f"{data / NAME}{end}").read_bytes())
    writer.close()
    assert runner.invoke(app, ["restore", "copy.db", "--data", "crashed"]).exit_code == 0
    assert len(content(crashed / NAME)) == 100_000
    (kept,) = crashed.glob("panelroom.db.before-*")
    assert len(content(kept)) == 10


def test_a_damaged_database_can_be_replaced(runner: CliRunner, data: Path) -> None:
    runner.invoke(app, ["backup", "copy.db"])
    (data / NAME).write_bytes(b"not a database, but something to look at later" * 100)
    assert runner.invoke(app, ["restore", "copy.db"]).exit_code == 0
    assert len(content(data / NAME)) == 100_000
    (kept,) = data.glob("panelroom.db.before-*")
    assert kept.read_bytes().startswith(b"not a database")


def make_text(copy: Path) -> None:
    copy.write_text("a text")


def make_foreign(copy: Path) -> None:
    copy.unlink()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("CREATE TABLE entry (text TEXT)")


def make_newer(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def make_nameless(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DELETE FROM alembic_version")


def make_short(copy: Path) -> None:
    with copy.open("r+b") as file:
        file.truncate(copy.stat().st_size // 2)


def make_unfinished(copy: Path) -> None:
    copy.with_name("copy.db-wal").write_bytes(b"a log")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (make_text, "no backup of Panelroom"),
        (make_foreign, "not one of Panelroom"),
        (make_newer, "newer version"),
        (make_nameless, "does not say"),
        (make_short, "damaged"),
        (damage, "is damaged"),
        (make_unfinished, "copy.db-wal"),
        (Path.unlink, "no file"),
    ],
)
def test_what_is_no_backup_is_not_restored(
    runner: CliRunner, data: Path, spoil: Callable[[Path], object], words: str
) -> None:
    runner.invoke(app, ["backup", "copy.db"])
    spoil(Path("copy.db"))
    before = (data / NAME).read_bytes()
    assert words in refused(runner, "restore", "copy.db")
    assert (data / NAME).read_bytes() == before
    assert sorted(path.name for path in data.iterdir()) == [NAME, "server.lock"]


def test_a_backup_that_does_not_fit_is_not_called_damaged(runner: CliRunner, data: Path) -> None:
    runner.invoke(app, ["backup", "copy.db"])
    before = (data / NAME).read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**15, limits[1]))
    try:
        said = refused(runner, "restore", "copy.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "Cannot write" in said
    assert "damaged" not in said
    assert (data / NAME).read_bytes() == before
    assert sorted(path.name for path in data.iterdir()) == [NAME, "server.lock"]


def test_nothing_is_restored_under_a_running_server(runner: CliRunner, data: Path) -> None:
    runner.invoke(app, ["backup", "copy.db"])
    with claim(data):
        assert "Stop it first" in refused(runner, "restore", "copy.db")
    with closing(sqlite3.connect(data / NAME)) as other:
        other.execute("SELECT count(*) FROM entry").fetchone()
        assert "locked" in refused(runner, "restore", "copy.db")
    assert list(data.glob("*before*")) == []
