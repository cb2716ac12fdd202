"""/api/v1/keys: API keys of the organisation."""

from typing import Annotated

from pydantic import Field
from quart import Blueprint, Response

from rooms.key import Scope
from rooms.keyring import Held
from web.auth import panelroom, require_principal
from web.body import Answer, Body, documented, read_body
from web.moment import Moment

blueprint = Blueprint("key", __name__, url_prefix="/api/v1/keys")


class NewKey(Body):
    description: str = Field(description="What the key is for; up to 200 characters")
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]


class KeyMaker(Answer):
    id: str
    name: str


class KeyAnswer(Answer):
    """A key, without its secret; `created_by` is null where the command line made it."""

    id: str
    description: str
    scopes: list[Scope]
    created_at: Moment
    created_by: KeyMaker | None
    used_at: Moment | None = Field(description="To the minute")
    revoked_at: Moment | None


class MadeKey(KeyAnswer):
    """With the key itself, this once."""

    key: str


class Keys(Answer):
    """The newest first."""

    items: list[KeyAnswer]


def _fields(held: Held) -> dict[str, object]:
    return {
        "id": held.id,
        "description": held.description,
        "scopes": held.scopes,
        "created_at": held.created_at_ms,
        "created_by": None if held.created_by is None else dict(zip(("id", "name"), held.created_by, strict=True)),
        "used_at": held.used_at_ms,
        "revoked_at": held.revoked_at_ms,
    }


@blueprint.get("")
@documented(answers={200: Keys})
async def index() -> Keys:
    """The keys, revoked ones too."""
    held = await panelroom().rooms.people.keyring.all(await require_principal())
    return Keys(items=[KeyAnswer.model_validate(_fields(each)) for each in held])


@blueprint.post("")
@documented(body=NewKey, answers={201: MadeKey})
async def make() -> tuple[MadeKey, int]:
    """Make a key, which is shown in this answer and never again."""
    principal = await require_principal()
    body = await read_body(NewKey)
    held, secret = await panelroom().rooms.people.keyring.make(principal, body.description, frozenset(body.scopes))
    return MadeKey.model_validate(_fields(held) | {"key": secret}), 201


@blueprint.delete("/<key_id>")
@documented(answers={204: "The key opens nothing any more"})
async def revoke(key_id: str) -> Response:
    """Revoke a key; it stays in the list."""
    await panelroom().rooms.people.keyring.revoke(await require_principal(), key_id)
    return Response(status=204)
