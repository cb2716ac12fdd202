"""Rooms with people who type, lose their network, close their tab and load the page again: nothing grows or differs."""

from pathlib import Path

import pytest

from tests.support.soak import Plan, soaked

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(Plan(0.04, rooms=5, per_s=3, lifetime_s=2, evict_s=0.5, trouble_s=1, every_s=1), id="some"),
        pytest.param(Plan(10, lifetime_s=120, evict_s=20), id="ten minutes", marks=pytest.mark.long),
    ],
)
async def test_a_soak(tmp_path: Path, plan: Plan) -> None:
    """Catalogue row 30. The hour is ``python -m tests.support.soak --minutes 60``."""
    found = await soaked(plan, tmp_path / "data")
    assert found.compared == found.opened >= plan.rooms
    assert found.losses > 0
    assert found.reloads > 0
    print(f"memory {found.slope(plan.warm_up_s):+.2f} %/h")
