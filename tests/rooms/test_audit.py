"""The audit log."""

import pytest

from rooms.audit import COMMAND_LINE, Action, Actor, Subject, difference, note
from rooms.errors import CursorInvalid, ScopeMissing
from rooms.key import Scope
from rooms.member import MemberRole
from tests.rooms.conftest import House

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
    assert [each.at_ms for each in (await audit.page(ada, actor=ada.id, limit=2)).items] == [3, 1]
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


def test_a_difference_names_what_changed() -> None:
    assert difference({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == {"b": [2, 3], "c": [None, 4]}
