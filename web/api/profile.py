"""/api/v1/profile: what members see and change of themselves."""

from pydantic import Field
from quart import Blueprint, Response

from rooms.member import MemberRole
from rooms.password import MAX_CHARACTERS, MIN_CHARACTERS
from rooms.profile import Profile
from web.api.session import own_secret
from web.auth import panelroom, require_member
from web.body import Answer, Body, documented, read_body
from web.guess import check_guess, forgive

blueprint = Blueprint("profile", __name__, url_prefix="/api/v1/profile")


class ProfileFields(Body):
    name: str | None = Field(None, description="Up to 80 characters")
    email: str | None = Field(None, description="Only of the first owner, who has none yet")
    time_zone: str | None = Field(None, description="A name of the IANA database; null for the organisation's")


class PasswordFields(Body):
    current: str | None = Field(
        None, description="Needed where there is one, unless a one-time link was used in the last 15 minutes"
    )
    password: str = Field(description=f"{MIN_CHARACTERS} to {MAX_CHARACTERS} characters")


class ProfileAnswer(Answer):
    id: str
    email: str
    name: str
    role: MemberRole
    time_zone: str | None
    has_password: bool

    @classmethod
    def of(cls, profile: Profile) -> "ProfileAnswer":
        return cls(
            id=profile.member.id,
            email=profile.member.email,
            name=profile.member.name,
            role=profile.member.role,
            time_zone=profile.member.time_zone,
            has_password=profile.has_password,
        )


@blueprint.get("")
@documented(answers={200: ProfileAnswer})
async def show() -> ProfileAnswer:
    """The asking member's."""
    return ProfileAnswer.of(await panelroom().rooms.logins.profiles.of(await require_member()))


@blueprint.patch("")
@documented(body=ProfileFields, answers={200: ProfileAnswer})
async def change() -> ProfileAnswer:
    """What is not mentioned stays."""
    principal = await require_member()
    body = await read_body(ProfileFields)
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    return ProfileAnswer.of(await panelroom().rooms.logins.profiles.change(principal, changes))


@blueprint.put("/password")
@documented(body=PasswordFields, answers={204: "It is set; the member is signed out everywhere else."})
async def set_password() -> Response:
    """Set or change it."""
    principal = await require_member()
    body = await read_body(PasswordFields)
    email = principal.email or ""
    await check_guess(email)
    await panelroom().rooms.logins.profiles.set_password(principal, own_secret(), body.current, body.password)
    forgive(email)
    return Response(status=204)
