"""The command panelroom."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from collab.clock import Clock
from collab.database import Database
from rooms.errors import TextInvalid
from rooms.key import Scope
from rooms.member import MemberRole
from rooms.people import People
from web import log
from web.panelroom import DATABASE_NAME, Panelroom
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
    from web.serve import CannotServe  # the other commands need not wait for it  # noqa: PLC0415
    from web.serve import serve as run  # noqa: PLC0415

    settings = _settings()
    log.configure()

    async def ready(address: str, panelroom: Panelroom, is_first: bool) -> None:
        if is_first and (token := await panelroom.rooms.people.first_owner_token()):
            base = settings.public_url or address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
            print(f"Sign in as the owner, once: {sign_in_link(base, token)}")
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
    data: Data = _DATA,
) -> None:
    """Add a member, or change one, and print a one-time sign-in link."""
    settings = _settings()
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


@app.command("settings")
def settings_() -> None:
    """List the settings: environment variables, what they are, and their defaults."""
    for variable, default, description in described():
        print(f"{variable}={default}\n    {description}")


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
            return await act(People(database, Clock()))
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except TextInvalid as error:
        raise _stop(2, str(error)) from None
    except OSError as error:
        raise _stop(1, f"Cannot use the data directory {data}: {error.strerror}. {_DATA_ADVICE}") from None
    except DBAPIError as error:
        raise _stop(1, f"Cannot use the database in {data}: {error.orig}. {_DATA_ADVICE}") from None


def _stop(status: int, words: str) -> typer.Exit:
    typer.echo(words, err=True)
    return typer.Exit(status)


def main() -> None:
    app()


if __name__ == "__main__":
    main()
