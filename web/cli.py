"""The command panelroom."""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from collab.backup import BackupFailed, back_up
from collab.backup import restore as restored
from collab.clock import CLOCK_NAME, Clock
from collab.database import Database
from collab.errors import SchemaUnknown
from rooms.errors import LastOwner, PasswordWeak, TextInvalid
from rooms.key import Scope
from rooms.member import MemberRole
from rooms.password import Passwords
from rooms.people import People
from rooms.welcome import welcome
from web import log
from web.claim import LOCK_NAME, DataTaken, claim
from web.panelroom import CACHE_NAME, DATABASE_NAME, Panelroom
from web.settings import Settings, described

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Self-hosted rooms for live technical interviews.")
member = typer.Typer(no_args_is_help=True, help="People with a log-in.")
key = typer.Typer(no_args_is_help=True, help="API keys.")
app.add_typer(member, name="member")
app.add_typer(key, name="key")

Data = Annotated[Path, typer.Option("--data", help="Directory of the database.", file_okay=False)]
_DATA = Path("data")
_DATA_ADVICE = "Give one that you may write in with --data."
_Result = TypeVar("_Result")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one.")] = 8000,
    data: Data = _DATA,
) -> None:
    """Run the server."""
    settings = _settings()
    for number in (signal.SIGTERM, signal.SIGINT):  # until there is something to stop
        signal.signal(number, lambda *_: sys.exit(0))
    gc.disable()  # what is imported stays; looking through it at every fork, start and end takes half a second
    from web.serve import CannotServe  # the other commands need not wait for it  # noqa: PLC0415
    from web.serve import serve as run  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    log.configure()

    async def ready(address: str, panelroom: Panelroom, is_first: bool) -> None:
        if is_first and (given := await welcome(panelroom.database, panelroom.rooms)):
            base = settings.public_url or address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
            print(f"Sign in as the owner, once: {sign_in_link(base, given.token)}")
            print(f"Then try a room, a practice interview: {base}/i/{given.practice}")
            print(f"And see the replay of a sample: {base}/i/{given.sample}/replay")
            if settings.public_url is None:
                print("Only this machine reaches these addresses. For others set PANELROOM_PUBLIC_URL: see README.md.")
        print(f"Listening on {address}", flush=True)

    try:
        status = run(settings, host, port, data, ready)
    except CannotServe as error:
        raise _stop(1, str(error)) from None
    raise typer.Exit(status)


@member.command("add")
def member_add(
    email: str,
    name: Annotated[str, typer.Option(help="As others see it; by default the e-mail's first part.")] = "",
    role: Annotated[MemberRole | None, typer.Option(help="By default member.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read a password from standard input; no link is printed.")
    ] = False,
    data: Data = _DATA,
) -> None:
    """Add a member, or change one, and print a one-time sign-in link."""
    settings = _settings()
    if password_stdin:
        hashed = asyncio.run(_password(email, name))
        _with_people(data, lambda people: people.add_member_with_password(email, name, role, hashed))
        return
    token = _with_people(data, lambda people: people.add_member(email, name, role))
    print(sign_in_link(settings.public_url or "http://127.0.0.1:8000", token))


@key.command("add")
def key_add(
    description: Annotated[str, typer.Option(help="What the key is for.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; repeat for several.")],
    data: Data = _DATA,
) -> None:
    """Add a key and print it, this once."""
    print(_with_people(data, lambda people: people.add_key(description, frozenset(scope))))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to; it must not be there yet.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Or may be replaced.")] = False,
    data: Data = _DATA,
) -> None:
    """Copy the database to a file, also while a server runs."""
    beside = (CACHE_NAME, CLOCK_NAME, LOCK_NAME)
    content = _copied(lambda: back_up(data / DATABASE_NAME, file, _Progress(), overwrite=overwrite, beside=beside))
    _tell(f"{file} holds {content}.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What panelroom backup has written.")], data: Data = _DATA
) -> None:
    """Put a backup in the place of the database, while no server runs. What was there is kept."""
    database = data / DATABASE_NAME
    try:
        with claim(data):
            content, kept = _copied(lambda: restored(file, database, _Progress()))
            for cache in data.glob(f"{CACHE_NAME}*"):
                cache.unlink()
    except DataTaken:
        raise _stop(1, f"A server is running on the data directory {data}. Stop it first.") from None
    except OSError as error:
        raise _cannot_use(data, error.strerror) from None
    if kept is not None:
        _tell(f"What was there is in {kept}.")
    _tell(f"{database} holds {content}.")


@app.command("settings")
def settings_() -> None:
    """List the settings: environment variables, what they are, and their defaults."""
    for variable, default, description in described():
        print(f"{variable}={default}\n    {description}")


async def _password(*personal: str) -> str:
    """The hash of the first line of standard input."""
    try:
        return await Passwords().hashed(sys.stdin.readline().rstrip("\r\n"), *personal)
    except (PasswordWeak, UnicodeDecodeError) as error:
        raise _stop(2, str(error)) from None


def sign_in_link(base: str, token: str) -> str:
    return f"{base}/sign-in?token={token}"


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        for fault in error.errors():
            typer.echo(f"PANELROOM_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}", err=True)
        raise typer.Exit(2) from None


def _with_people(data: Path, act: Callable[[People], Awaitable[_Result]]) -> _Result:
    async def run() -> _Result:
        database = await Database.open(data / DATABASE_NAME)
        try:
            return await act(People(database, Clock.of(data)))
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except (TextInvalid, LastOwner) as error:
        raise _stop(2, str(error)) from None
    except OSError as error:
        raise _cannot_use(data, error.strerror) from None
    except SchemaUnknown as error:
        raise _stop(1, f"Cannot use the database in {data}: {error}.") from None
    except DBAPIError as error:
        raise _stop(1, f"Cannot use the database in {data}: {error.orig}. {_DATA_ADVICE}") from None


def _copied(copy: Callable[[], _Result]) -> _Result:
    try:
        return copy()
    except BackupFailed as error:
        raise _stop(1, str(error)) from None


class _Progress:
    """Says on standard error how far it is: in place on a terminal, and else seldom."""

    def __init__(self) -> None:
        self._in_place = sys.stderr.isatty()
        self._told_at_s = time.monotonic()

    def __call__(self, what: str, part: float) -> None:
        now_s = time.monotonic()
        if now_s - self._told_at_s > (0.2 if self._in_place else 10):
            self._told_at_s = now_s
            typer.echo(f"{part:4.0%} {what}" + ("\r" if self._in_place else ""), err=True, nl=not self._in_place)


def _tell(words: str) -> None:
    typer.echo(words, err=True)


def _stop(status: int, words: str) -> typer.Exit:
    _tell(words)
    return typer.Exit(status)


def _cannot_use(data: Path, why: str | None) -> typer.Exit:
    return _stop(1, f"Cannot use the data directory {data}: {why}. {_DATA_ADVICE}")


def main() -> None:
    os.umask(0o077)  # what people typed is for the server's eyes
    app()


if __name__ == "__main__":
    main()
