"""The documentation says what the code says."""

import re
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup as Group

from collab.wire import CloseCode
from rooms.access import Right, may
from rooms.audit import Action
from rooms.key import Scope
from rooms.member import MemberRole
from web.cli import app
from web.settings import described

ROOT = Path(__file__).parents[1]
OPERATIONS = ROOT / "docs" / "operations.md"
PROTOCOL = ROOT / "docs" / "protocol.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rows(page: Path, first_cell: str) -> list[list[str]]:
    """The cells of the page's table rows that begin with a cell matching `first_cell`."""
    lines = re.findall(rf"^\| ({first_cell}) \|(.*)\|$", page.read_text(), re.MULTILINE)
    return [[first, *(cell.strip() for cell in rest.split("|"))] for first, rest in lines]


def test_operations_list_every_setting() -> None:
    table = [tuple(cell.strip("`") for cell in row) for row in rows(OPERATIONS, "`PANELROOM_.*?`")]
    assert table == described()


def test_operations_say_what_every_role_may_do() -> None:
    told = {name.strip("`"): roles.split(", ") for name, _, roles in rows(OPERATIONS, "`(?!panelroom_)[a-z]+_[a-z_]+`")}
    assert told == {right: [role for role in MemberRole if may(role, right)] for right in Right}


def test_protocol_lists_every_close_code() -> None:
    assert {(int(code), name) for code, name, *_ in rows(PROTOCOL, r"\d{4}")} == {(c.value, c.name) for c in CloseCode}


def test_the_browser_has_the_same_close_codes() -> None:
    page = (ROOT / "web" / "client" / "src" / "close_codes.ts").read_text()
    assert {(name, int(code)) for name, code in re.findall(r"^  ([A-Z_]+): (\d+),$", page, re.MULTILINE)} == {
        (c.name, c.value) for c in CloseCode
    }


def test_the_browser_has_words_for_every_action_and_scope() -> None:
    client = ROOT / "web" / "client" / "src"
    for file, names in (("audit_words.ts", Action), ("keys.ts", Scope)):
        told = re.findall(r'^  "?([\w.]+)"?: "', (client / file).read_text(), re.MULTILINE)
        assert sorted(told) == sorted(names), file


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_files_exist(page: Path) -> None:
    named = re.findall(r"`((?:collab|rooms|replay|web|tests|docs|requirements)/[\w./-]+)", page.read_text())
    assert [path for path in named if path != "web/static/build" and not (ROOT / path).exists()] == []


def test_the_code_map_has_every_module() -> None:
    for package in ("collab", "rooms", "replay", "web"):
        section = ARCHITECTURE.read_text().split(f"\n### {package}\n")[1].split("\n### ")[0]
        modules = {path.name for path in (ROOT / package).glob("*.py")} - {"__init__.py"}
        assert sorted(name for name in modules if f"`{name}`" not in section) == [], package


def test_every_decision_is_listed() -> None:
    decisions = ROOT / "docs" / "decisions"
    listed = (decisions / "README.md").read_text()
    assert [path.name for path in decisions.glob("0*.md") if f"({path.name})" not in listed] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_their_options_exist(page: Path) -> None:
    for line in re.findall(r"^(?:\.venv/bin/)?panelroom (.+)$", page.read_text(), re.MULTILINE):
        command = typer.main.get_command(app)
        words = line.split()
        while isinstance(command, Group):
            command = command.commands[words.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        assert [word for word in words if word.startswith("--") and word not in options] == [], line
