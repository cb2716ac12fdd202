"""A52: role × right, cell by cell."""

import pytest

from rooms.access import Right, may
from rooms.member import MemberRole

# Owner, admin, member, limited.
TABLE = {
    Right.SEE_ALL_INTERVIEWS: (True, True, True, False),
    Right.CREATE_INTERVIEW: (True, True, True, False),
    Right.CHANGE_INTERVIEW: (True, True, True, False),
    Right.APPOINT_ANYWHERE: (True, True, False, False),
    Right.READ_ALL_NOTES: (True, True, False, False),
    Right.SEE_MEMBERS: (True, True, True, False),
    Right.INVITE_MEMBER: (True, True, False, False),
    Right.CHANGE_MEMBER: (True, True, False, False),
    Right.CHANGE_OWNER: (True, False, False, False),
    Right.CHANGE_ORGANISATION: (True, True, False, False),
    Right.CHANGE_LOGIN: (True, False, False, False),
    Right.ENABLE_INTEGRATION: (True, True, False, False),
    Right.MANAGE_KEYS: (True, True, False, False),
    Right.READ_AUDIT: (True, True, False, False),
}


def test_every_right_is_in_the_table() -> None:
    assert set(TABLE) == set(Right)


@pytest.mark.parametrize(
    ("right", "role", "expected"),
    [
        pytest.param(right, role, cell, id=f"{right}-{role}")
        for right, row in TABLE.items()
        for role, cell in zip(MemberRole, row, strict=True)
    ],
)
def test_cell(right: Right, role: MemberRole, expected: bool) -> None:
    assert may(role, right) is expected
