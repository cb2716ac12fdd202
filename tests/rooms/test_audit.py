"""The audit log."""

import pytest

from rooms.audit import COMMAND_LINE, Action, Actor, Subject, difference, note
from rooms.errors import CursorInvalid, ScopeMissing
from rooms.key import Scope
from rooms.member import MemberRole
from rooms.moderation import Change
from rooms.participant import Role
from tests.rooms.conftest import House, Room

pytestmark = pytest.mark.anyio


async def test_the_newest_first_page_by_page(house: House) -> None:
    ada = await house.member("ada@example.org", MemberRole.ADMIN)
    database, audit = house.database, house.rooms.audit
    start = (await audit.page(ada, limit=1)).items
    for number in range(5):
        async with database.writing() as connection:
            actor = Actor.of(ada, "192.0.2.7") if number % 2 else COMMAND_LINE
            about = Subject("key", f"k{number}", f"Key {number}")
            await note(connection, ada.organisation_id, number, actor, Action.KEY_MADE, about, {"scopes": [[], ["a"]]})
    page = await audit.page(ada, action=Action.KEY_MADE, limit=3)
    assert [each.at_ms for each in page.items] == [4, 3, 2]
    assert page.items[1].actor == Actor("member", ada.id, ada.name, "192.0.2.7")
    assert page.items[1].subject == Subject("key", "k3", "Key 3")
    assert page.items[1].detail == {"scopes": [[], ["a"]]}
    rest = await audit.page(ada, action=Action.KEY_MADE, limit=3, cursor=page.next_cursor)
    assert ([each.at_ms for each in rest.items], rest.next_cursor) == ([1, 0], None)
    assert [each.at_ms for each in (await audit.page(ada, actor=ada.id, action=Action.KEY_MADE, limit=9)).items] == [
        3,
        1,
    ]
    assert [each.at_ms for each in (await audit.page(ada, subject="k2", limit=9)).items] == [2]
    assert (await audit.page(ada, actor=ada.id, subject="k2", limit=9)).items == []
    assert len((await audit.page(ada, limit=100)).items) >= 5 + len(start)


async def test_only_owners_and_admins_read_it(house: House) -> None:
    """A52."""
    for asker in (await house.member("bob@example.org"), await house.key(Scope.COMPANY)):
        with pytest.raises(ScopeMissing):
            await house.rooms.audit.page(asker, limit=1)
    owner = await house.member("ada@example.org", MemberRole.OWNER)
    for cursor in ("", "x", "-1", "9" * 20, "²", str(2**63)):
        with pytest.raises(CursorInvalid):
            await house.rooms.audit.page(owner, cursor=cursor, limit=1)


async def test_what_becomes_of_an_interview(room: Room) -> None:
    """In the order in which it happened, each in its own commit."""
    house, olga = room.house, await room.house.member("owner@example.org", MemberRole.OWNER)
    key = await house.key(Scope.COMPANY_WRITE)
    gil = (await room.join(Role.GUEST, name="Gil")).participant.id
    await room.moderation.change(room.olga, room.id, gil, Change(muted=True, reason="hush"))
    await room.moderation.change(room.olga, room.id, gil, Change(muted=True, reason="hush"))
    await room.moderation.remove(room.olga, room.id, gil)
    await room.moderation.readmit(key, room.id, gil, on_behalf_of=room.olga.email)
    await house.rooms.lifecycle.finish(room.olga, room.id)
    await house.rooms.lifecycle.reopen(key, room.id, room.olga.email)
    await house.rooms.lifecycle.cancel(room.olga, room.id)
    noted = (await house.rooms.audit.page(olga, subject=room.id, limit=20)).items[::-1]
    assert [each.action for each in noted] == [
        "interview.created",
        "interview.begun",
        "participant.changed",
        "participant.removed",
        "participant.readmitted",
        "interview.finished",
        "interview.reopened",
        "interview.cancelled",
    ]
    assert noted[1].actor.kind == "system"
    assert noted[2].detail == {
        "participant": {"id": gil, "name": "Gil"},
        "muted": [False, True],
        "reason": "hush",
    }
    assert (noted[4].actor.kind, noted[4].detail["on_behalf_of"]) == ("key", room.olga.email)
    assert {each.actor.id for each in noted if each.actor.kind == "member"} == {room.olga.id}


def test_a_difference_names_what_changed() -> None:
    assert difference({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == {"b": [2, 3], "c": [None, 4]}
