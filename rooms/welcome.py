"""What whoever has just set a server up is given."""

from dataclasses import dataclass

from collab.database import Database
from rooms import store
from rooms.principal import Principal
from rooms.service import Service


@dataclass(frozen=True, slots=True)
class Welcome:
    """A sign-in token for the owner, and the ids of a practice interview and of a sample with its replay."""

    token: str
    practice: str
    sample: str


async def welcome(database: Database, rooms: Service) -> Welcome | None:
    """For as long as nobody has ever signed in, the same interviews again."""
    token = await rooms.people.first_owner_token()
    async with database.reading() as connection:
        owner = await store.first_owner(connection)
        organisation = await store.organisation(connection)
    if owner is None or organisation is None:
        return None
    sample = await rooms.samples.bring(organisation)  # also where the server is older than samples are
    if token is None:
        return None
    member = Principal.of_member(owner)
    begun = await rooms.practice.begun(member)
    return Welcome(token, begun[0] if begun else (await rooms.practice.begin(member)).id, sample)
