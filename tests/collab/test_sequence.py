"""In which sequence the structs of an update are integrated."""

import pytest

from collab.errors import Invalid
from collab.sequence import in_order
from collab.update import Struct
from tests.collab.test_order import text


@pytest.mark.parametrize("structs", [[text(1, 0, (2, 0)), text(2, 0, (1, 0))], [text(1, 0, (1, 3), length=5)]])
def test_structs_that_wait_on_each_other(structs: list[Struct]) -> None:
    with pytest.raises(Invalid):
        in_order(structs)


def test_the_highest_client_first_and_before_it_what_it_builds_on() -> None:
    one, two, three = [text(1, 0), text(1, 1, (2, 0))], [text(2, 0), text(2, 1, (3, 0))], [text(3, 0, (1, 0))]
    assert in_order([*one, *two, *three]) == [one[0], three[0], *two, one[1]]


def test_what_is_not_among_them_is_there() -> None:
    """Before, behind, or of a client who brings nothing."""
    one = [text(1, 4, (1, 3)), text(1, 5, (1, 4), length=5)]
    for there in ((1, 3), (1, 10), (1, 12), (3, 0), (9, 0), (9, 9)):
        two = [text(2, 0, there)]
        assert in_order([*one, *two]) == [*two, *one]
    for among in ((1, 4), (1, 5), (1, 9)):
        two = [text(2, 0, None, among)]
        built = one[:1] if among == (1, 4) else one
        assert in_order([*one, *two]) == [*built, *two, *one[len(built) :]]
