"""Many members at once, the database opened once."""

from collections.abc import Iterable

from collab.clock import Clock
from collab.database import Database
from rooms.member import MemberRole
from rooms.people import People
from tests.support.server import Server
from web.panelroom import DATABASE_NAME


async def add_members(server: Server, names: Iterable[str]) -> dict[str, str]:
    """Their e-mail addresses, and each one's one-time sign-in link."""
    database = await Database.open(server.data / DATABASE_NAME)
    people = People(database, Clock())
    links = {}
    try:
        for name in names:
            email = f"{name.lower()}@example.org"
            token = await people.add_member(email, name, MemberRole.MEMBER)
            links[email] = f"{server.url}/sign-in?token={token}"
    finally:
        await database.close()
    return links
