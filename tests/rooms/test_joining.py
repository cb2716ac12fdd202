"""Tickets and participants."""

import anyio
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from collab.journal import Journal
from collab.wire import CloseCode
from rooms import schema
from rooms.audit import Actor
from rooms.errors import DocumentUnknown, InterviewUnknown, TicketInvalid, Unauthenticated
from rooms.interview import Interview
from rooms.member import Member, MemberRole
from rooms.participant import PALETTE, Role
from rooms.people import put_password
from rooms.policy import State
from rooms.service import RESUME_MS, TICKET_MS
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio


async def test_the_candidate_is_one_participant_on_every_device(house: House) -> None:
    olga = await house.member()
    interview = await house.interview(olga, candidate_name="Ada")
    first = await house.join(interview, Role.CANDIDATE)
    second = await house.join(interview, Role.CANDIDATE, name="Mallory")
    assert first.participant == second.participant
    assert first.participant.name == "Ada"
    assert first.ticket != second.ticket
    assert (await house.events(interview)).count("participant.joined") == 1


async def test_of_many_candidates_at_once_there_is_one(house: House) -> None:
    interview = await house.interview(await house.member())
    ids: set[str] = set()

    async def join() -> None:
        ids.add((await house.join(interview, Role.CANDIDATE)).participant.id)

    async with anyio.create_task_group() as tasks:
        for _ in range(30):
            tasks.start_soon(join)
    assert len(ids) == 1


async def test_a_member_is_one_participant_in_each_role(house: House) -> None:
    olga, bob = await house.member(), await house.member("bob@example.org")
    interview = await house.interview(olga)
    people = [
        await house.join(interview, role, member)
        for member in (olga, bob, olga)
        for role in (Role.INTERVIEWER, Role.OBSERVER, Role.GUEST)
    ]
    ids = [joined.participant.id for joined in people]
    assert ids[:3] == ids[6:]
    assert len(set(ids)) == 6


async def test_guests_are_as_many_as_they_say_and_resume_as_themselves(house: House) -> None:
    interview = await house.interview(await house.member())
    first, second = [await house.join(interview, Role.GUEST, name="Gil") for _ in range(2)]
    assert first.participant.id != second.participant.id
    again = await house.rooms.join(interview, Role.GUEST, resume=first.ticket)
    assert again.participant == first.participant
    assert again.ticket != first.ticket
    for ticket in (first.ticket, again.ticket):
        assert (await house.rooms.authorise_socket(interview, ticket)).participant_id == first.participant.id


async def test_a_ticket_resumes_only_its_own_interview_and_role(house: House) -> None:
    olga = await house.member()
    interview, other = await house.interview(olga), await house.interview(olga)
    guest = await house.join(interview, Role.GUEST)
    with pytest.raises(TicketInvalid):
        await house.rooms.join(other, Role.GUEST, resume=guest.ticket)
    with pytest.raises(TicketInvalid):
        await house.rooms.join(interview, Role.GUEST, resume="x" * 43)
    candidate = await house.rooms.join(interview, Role.CANDIDATE, resume=guest.ticket)
    assert candidate.participant.id != guest.participant.id
    interviewer = await house.join(interview, Role.INTERVIEWER, olga)
    with pytest.raises(Unauthenticated):
        await house.rooms.join(interview, Role.INTERVIEWER, resume=interviewer.ticket)


@pytest.mark.parametrize("role", [Role.INTERVIEWER, Role.OBSERVER, Role.GUEST])
async def test_a_ticket_makes_nobody_another_member(house: House, role: Role) -> None:
    interview = await house.interview(await house.member())
    olga, bob = [
        await house.rooms.people.acting_member(await house.member(email), None)
        for email in ("olga@example.org", "bob@example.org")
    ]
    hers = await house.rooms.join(interview, role, member=olga)
    his = await house.rooms.join(interview, role, member=bob, resume=hers.ticket)
    assert his.participant.id != hers.participant.id
    assert his.participant.member_id == bob.id
    assert (await house.rooms.join(interview, role, member=olga, resume=his.ticket)).participant == hers.participant


async def test_a_guest_stays_the_same_when_the_session_comes_or_goes(house: House) -> None:
    interview = await house.interview(await house.member())
    olga = await house.rooms.people.acting_member(await house.member(), None)
    stranger = await house.join(interview, Role.GUEST)
    signed_in = await house.rooms.join(interview, Role.GUEST, member=olga, resume=stranger.ticket)
    assert signed_in.participant == stranger.participant
    member = await house.rooms.join(interview, Role.GUEST, member=olga)
    signed_out = await house.rooms.join(interview, Role.GUEST, resume=member.ticket)
    assert signed_out.participant == member.participant


@pytest.mark.parametrize("way", ["sign out", "end", "end others", "password", "expiry"])
async def test_a_ticket_ends_with_the_session_that_got_it(house: House, way: str) -> None:
    """A2, A52: what is open with it is closed; the member's other browsers stay, and he comes back as himself."""
    people, sessions = house.rooms.people, house.rooms.sessions
    secrets = [await people.sign_in(await people.add_member("olga@example.org", None, None)) for _ in range(2)]
    gone, here = [await sessions.principal(secret) for secret in secrets]
    assert gone is not None
    assert here is not None
    interview, olga = await house.interview(here), await people.acting_member(here, None)
    lost = await house.rooms.join(interview, Role.INTERVIEWER, member=olga, session_id=gone.session_id)
    kept = await house.rooms.join(interview, Role.INTERVIEWER, member=olga, session_id=here.session_id)
    guest = await house.rooms.join(interview, Role.GUEST, member=olga, session_id=gone.session_id)
    closed: list[tuple[str, CloseCode]] = []
    for name, joined in (("lost", lost), ("kept", kept), ("guest", guest)):
        await house.rooms.seats.connected(
            await house.grant(joined),
            lambda code, _, name=name: closed.append((name, code)),  # type: ignore[misc]
        )
    await house.rooms.revocations.look()
    assert closed == []
    match way:
        case "sign out":
            await sessions.sign_out(secrets[0])
        case "end":
            await sessions.end(here, gone.session_id or "")
        case "end others":
            await sessions.end_others(here, secrets[1])
        case "password":
            async with house.database.writing() as connection:
                await put_password(connection, olga, "a hash", house.clock.now_ms(), Actor.of(here), but=secrets[1])
        case "expiry":
            async with house.database.writing() as connection:
                own = update(schema.sessions).where(schema.sessions.c.id == gone.session_id)
                await connection.execute(own.values(expires_at_ms=house.clock.now_ms()))
            with pytest.raises(Unauthenticated):
                await house.rooms.join(interview, Role.OBSERVER, member=olga, session_id=gone.session_id)
            await house.member("ada@example.org")  # who signs in then
    with pytest.raises(TicketInvalid):
        await house.grant(lost)
    await house.rooms.revocations.look()
    assert closed == [("lost", CloseCode.TICKET)]
    with pytest.raises(Unauthenticated):  # he had asked just before
        await house.rooms.join(interview, Role.INTERVIEWER, member=olga, session_id=gone.session_id)
    ada = await people.acting_member(await house.member("ada@example.org"), None)
    with pytest.raises(TicketInvalid):
        await house.rooms.join(interview, Role.INTERVIEWER, member=ada, resume=lost.ticket)
    back = await house.rooms.join(
        interview, Role.INTERVIEWER, member=olga, session_id=here.session_id, resume=lost.ticket
    )
    assert back.participant == lost.participant


async def test_names(house: House) -> None:
    olga = await house.member()
    interview = await house.interview(olga)
    assert (await house.join(interview, Role.CANDIDATE)).participant.name == "Candidate"
    assert (await house.join(interview, Role.GUEST)).participant.name == "Guest"
    assert (await house.join(interview, Role.GUEST, name="Gil")).participant.name == "Gil"
    assert (await house.join(interview, Role.INTERVIEWER, olga, name="Somebody else")).participant.name == "olga"


async def test_colours_go_by_the_order_of_joining(house: House) -> None:
    interview = await house.interview(await house.member())
    joined = [await house.join(interview, Role.GUEST) for _ in range(len(PALETTE) + 1)]
    assert [one.participant.color for one in joined] == [*PALETTE, PALETTE[0]]


def _luminance(color: str) -> float:
    """As WCAG counts it, 0 to 1."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("color", PALETTE)
def test_colours_carry_white_text_and_stand_out_on_any_paper(color: str) -> None:
    assert 1.05 / (_luminance(color) + 0.05) >= 4.5
    assert (_luminance(color) + 0.05) / (_luminance("#16181d") + 0.05) >= 3


async def test_another_organisations_member_does_not_find_it(house: House) -> None:
    interview = await house.interview(await house.member())
    stranger = Member("m", "another", "eve@example.com", "Eve", MemberRole.OWNER)
    with pytest.raises(InterviewUnknown):
        await house.rooms.join(interview, Role.INTERVIEWER, member=stranger)
    with pytest.raises(InterviewUnknown):
        await house.rooms.join("x" * 22, Role.CANDIDATE)


@pytest.mark.parametrize(
    ("role", "may_write", "reads_notes"),
    [
        (Role.CANDIDATE, True, False),
        (Role.GUEST, True, False),
        (Role.INTERVIEWER, True, True),
        (Role.OBSERVER, False, False),
    ],
)
async def test_what_a_ticket_opens(house: House, role: Role, may_write: bool, reads_notes: bool) -> None:
    olga = await house.member()
    interview, other = await house.interview(olga), await house.interview(olga)
    joined = await house.join(interview, role, olga)
    grant = await house.grant(joined)
    assert (grant.role, grant.may_write, grant.interview_id) == (role, may_write, interview)
    assert grant.user == {
        "id": joined.participant.id,
        "name": joined.participant.name,
        "role": role,
        "color": joined.participant.color,
        "colorLight": joined.participant.color_light,
    }
    if reads_notes:
        assert (await house.grant(joined, ".notes")).may_write
    else:
        with pytest.raises(DocumentUnknown):
            await house.grant(joined, ".notes")
    for wrong in (other, f"{other}.notes", f"{interview}.other", f"{interview}.notes.notes", "", ".notes"):
        with pytest.raises(DocumentUnknown):
            await house.rooms.authorise_socket(wrong, joined.ticket)


async def test_tickets_expire_and_are_revoked(house: House) -> None:
    interview = await house.interview(await house.member())
    joined = await house.join(interview, Role.CANDIDATE)
    assert joined.expires_at_ms == house.clock.at_ms + TICKET_MS
    house.clock.at_ms += TICKET_MS - 1
    await house.grant(joined)
    house.clock.at_ms += 1
    with pytest.raises(TicketInvalid):
        await house.grant(joined)
    fresh = await house.join(interview, Role.CANDIDATE)
    async with house.database.writing() as connection:
        await connection.execute(update(schema.tickets).values(revoked_at_ms=house.clock.at_ms))
    with pytest.raises(TicketInvalid):
        await house.grant(fresh)
    with pytest.raises(TicketInvalid):
        await house.rooms.join(interview, Role.CANDIDATE, resume=fresh.ticket)
    for wrong in ("", "x", "x" * 43, fresh.participant.id, "\ud800"):
        with pytest.raises(TicketInvalid):
            await house.rooms.authorise_socket(interview, wrong)


async def test_who_comes_back_the_next_day_is_still_himself(house: House) -> None:
    interview = await house.interview(await house.member())
    guest = await house.join(interview, Role.GUEST)
    house.clock.at_ms += TICKET_MS + RESUME_MS - 1
    again = await house.rooms.join(interview, Role.GUEST, resume=guest.ticket)
    assert again.participant == guest.participant
    house.clock.at_ms += 1
    with pytest.raises(TicketInvalid):
        await house.rooms.join(interview, Role.GUEST, resume=guest.ticket)


async def test_no_secret_is_in_the_database(house: House) -> None:
    olga = await house.member()
    joined = await house.join(await house.interview(olga), Role.CANDIDATE)
    async with house.database.reading() as connection:
        for table in (schema.tickets, schema.sessions, schema.sign_in_links, schema.keys):
            for row in await connection.execute(select(table)):
                assert joined.ticket not in map(str, row)
        stored = (await connection.execute(select(schema.tickets.c.token_hash))).scalar_one()
    assert len(stored) == 64


async def test_no_seats_for_a_role_means_no_documents(house: House) -> None:
    interview = await house.interview(await house.member(), limits={"guests": 0})
    joined = await house.join(interview, Role.GUEST)
    assert (joined.admission.state, joined.openings) == (State.WAITING, ())
    with pytest.raises(TicketInvalid):
        await house.grant(joined)


async def _connected(house: House, interview: Interview | str) -> list[bool]:
    snapshot = (await house.rooms.views.of(str(interview))).snapshot
    return [participant["connected"] for participant in snapshot["participants"]]


async def test_presence_counts_connections(house: House) -> None:
    interview = await house.interview(await house.member())
    joined = await house.join(interview, Role.CANDIDATE)
    assert await _connected(house, interview) == [False]
    one, two, three = [await house.connect(joined) for _ in range(3)]
    await house.disconnect(two)
    await house.disconnect(one)
    assert await _connected(house, interview) == [True]
    assert house.rooms.seats.present == 1
    await house.disconnect(three)
    assert await _connected(house, interview) == [False]
    assert house.rooms.seats.present == 0
    assert await house.events(interview) == [
        "participant.joined",
        "admission.changed",
        "participant.connected",
        "participant.disconnected",
    ]


async def test_presence_survives_a_failing_commit(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = await house.interview(await house.member())
    joined = await house.join(interview, Role.CANDIDATE)

    def locked(_: Journal) -> None:
        raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "transaction", locked)
        grant = await house.connect(joined)
    assert await _connected(house, interview) == [True]
    await house.disconnect(grant)
    assert await _connected(house, interview) == [False]


async def test_leaving_is_on_record_once(house: House) -> None:
    interview = await house.interview(await house.member())
    joined = await house.join(interview, Role.CANDIDATE)
    grant = await house.connect(joined)
    for _ in range(3):
        await house.rooms.leave(interview, joined.ticket)
    await house.disconnect(grant)
    await house.rooms.leave(interview, joined.ticket)
    await house.connect(joined)
    await house.rooms.leave(interview, joined.ticket)
    assert (await house.events(interview)).count("participant.left") == 2
    with pytest.raises(TicketInvalid):
        await house.rooms.leave(interview, "nonsense")


async def test_an_interview_takes_the_name_that_its_candidate_gives(house: House) -> None:
    olga = await house.member()
    interview = await house.interview(olga)
    await house.join(interview, Role.CANDIDATE, name="Cleo")
    assert (await house.rooms.agenda.get(olga, interview)).candidate_name == "Cleo"
