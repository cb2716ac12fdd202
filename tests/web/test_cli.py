"""The command, as a person types it."""

import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from tests.support.server import Server, serving
from web.cli import app
from web.settings import Settings, described


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PANELROOM_PUBLIC_URL", raising=False)
    return CliRunner()


def _rows(query: str) -> list[tuple[str, ...]]:
    connection = sqlite3.connect("data/panelroom.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_member_add_prints_a_link(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    added = runner.invoke(app, ["member", "add", "Ada@Example.org", "--name", "Ada", "--role", "admin"])
    assert added.exit_code == 0
    assert added.stdout.startswith("http://127.0.0.1:8000/sign-in?token=")
    assert added.stdout.count("\n") == 1
    assert _rows("SELECT email, name, role FROM member") == [("ada@example.org", "Ada", "admin")]
    monkeypatch.setenv("PANELROOM_PUBLIC_URL", "https://interviews.example.com/")
    again = runner.invoke(app, ["member", "add", "ada@example.org"])
    assert again.stdout.startswith("https://interviews.example.com/sign-in?token=")
    assert _rows("SELECT email, name, role FROM member") == [("ada@example.org", "Ada", "admin")]


def test_key_add_prints_the_key_and_nothing_else(runner: CliRunner) -> None:
    added = runner.invoke(
        app,
        ["key", "add", "--description", "scheduler", "--scope", "liveInterview", "--scope", "liveInterview.company"],
    )
    assert added.exit_code == 0
    assert len(added.stdout.strip()) == 43
    assert added.stdout.count("\n") == 1
    assert _rows("SELECT description, scopes FROM key") == [("scheduler", '["liveInterview", "liveInterview.company"]')]
    assert added.stdout.strip() not in str(_rows("SELECT * FROM key"))


def test_keys_and_members_are_added_beside_a_running_server(server: Server) -> None:
    key = server.command("key", "add", "--description", "x", "--scope", "liveInterview").strip()
    link = server.command("member", "add", "late@example.org").strip()
    token = link.removeprefix("http://127.0.0.1:8000/sign-in?token=")
    with httpx2.Client(base_url=server.url, trust_env=False) as http:
        known = http.get("/api/v1/whoami", headers={"Authorization": f"Bearer {key}"})
        signed_in = http.post("/sign-in", data={"token": token}, headers={"Origin": server.url})
    assert (known.status_code, signed_in.status_code) == (200, 303)


def test_a_member_with_a_password_needs_no_link(tmp_path: Path, runner: CliRunner) -> None:
    """A2: what was signed in, and links of before, end with it; nothing of it is printed or kept."""
    data = ["--data", str(tmp_path)]
    add = ["member", "add", "ada@example.org", "--role", "owner", *data]
    link = runner.invoke(app, add).stdout.strip()
    word = "correct horse battery"
    added = runner.invoke(app, [*add, "--password-stdin"], input=f"{word}\n")
    assert (added.exit_code, added.output) == (0, "")
    for wrong in ("", "short\n", "ada@example.org\n", "aaaaaaaaaaaaaaaa\n"):
        refused = runner.invoke(app, [*add, "--password-stdin"], input=wrong)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "password" in refused.stderr
    with sqlite3.connect(tmp_path / "panelroom.db") as database:
        ((kept,),) = database.execute("SELECT password_hash FROM member WHERE email = 'ada@example.org'").fetchall()
        links = database.execute("SELECT count(*) FROM sign_in_link").fetchone()
    database.close()
    assert kept.startswith("$argon2id$")
    assert (links, "sign-in?token=" in link) == ((0,), True)
    with serving(tmp_path) as server, httpx2.Client(base_url=server.url, trust_env=False) as http:
        form = {"email": "ada@example.org", "password": word}
        assert http.post("/sign-in/password", data=form, headers={"Origin": server.url}).status_code == 303


@pytest.mark.parametrize(
    "arguments",
    [
        ["key", "add", "--description", "x"],
        ["key", "add", "--scope", "liveInterview"],
        ["key", "add", "--description", "x", "--scope", "everything"],
        ["key", "add", "--description", "a\nb", "--scope", "liveInterview"],
        ["member", "add"],
        ["member", "add", "nobody"],
        ["member", "add", "a@b", "--name", "x" * 81],
        ["member", "add", "a@b", "--role", "king"],
        ["member", "add", "a@b", "--password-stdin"],
        ["serve", "--port", "x"],
        ["serve", "--port", "65536"],
        ["export", "x"],
    ],
)
def test_what_is_not_understood_is_said(runner: CliRunner, arguments: list[str]) -> None:
    refused = runner.invoke(app, arguments)
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert refused.stderr


def test_settings_are_listed(runner: CliRunner) -> None:
    listed = runner.invoke(app, ["settings"])
    assert listed.exit_code == 0
    for variable, _, description in described():
        assert variable in listed.stdout
        assert description in listed.stdout


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PANELROOM_PUBLIC_URL", "interviews.example.com"),
        ("PANELROOM_PUBLIC_URL", "https://example.com/path"),
        ("PANELROOM_PUBLIC_URL", "ftp://example.com"),
        ("PANELROOM_TRUSTED_PROXIES", "everybody"),
        ("PANELROOM_SERVER", "apache"),
        ("PANELROOM_REOPEN_S", "-1"),
        ("PANELROOM_MAX_FRAME_BYTES", "2 MB"),
    ],
)
def test_a_wrong_setting_is_named(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    refused = runner.invoke(app, ["serve"])
    assert refused.exit_code == 2
    assert variable in refused.stderr


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANELROOM_JOINS_PER_MIN", "7")
    monkeypatch.setenv("PANELROOM_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    monkeypatch.setenv("PANELROOM_PUBLIC_URL", "")
    settings = Settings()
    assert settings.joins_per_min == 7
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert settings.public_url is None


def _serve(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "web.cli", "serve", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
    )


def test_a_used_port_is_said_and_costs_nobody_the_owners_link(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = _serve("--port", str(port), "--data", str(tmp_path / "data"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.count("\n") == 1
    assert str(port) in refused.stderr
    assert "--port" in refused.stderr
    with serving(tmp_path / "data") as server:
        assert any("/sign-in?token=" in line for line in server.log)


@pytest.mark.parametrize("hindrance", ["file", "directory"])
def test_a_data_directory_that_cannot_be_written_is_said(runner: CliRunner, tmp_path: Path, hindrance: str) -> None:
    if hindrance == "file":
        (tmp_path / "file").touch()
        data = tmp_path / "file" / "data"
    else:
        data = tmp_path / "data"
        (data / "panelroom.db").mkdir(parents=True)
    served = _serve("--port", "0", "--data", str(data))
    added = runner.invoke(app, ["member", "add", "ada@example.org", "--data", str(data)])
    for status, stdout, stderr in (
        (served.returncode, served.stdout, served.stderr),
        (added.exit_code, added.stdout, added.stderr),
    ):
        assert (status, stdout) == (1, "")
        assert stderr.count("\n") == 1
        assert str(data) in stderr
        assert "--data" in stderr
