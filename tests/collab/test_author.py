"""Whose a struct is, judged by itself."""

from collab.authorship import Authorship
from collab.gate import Limits, Verdict
from collab.update import parse
from tests.collab.typist import string, update


def test_what_is_one_s_own_does_not_hide_what_is_not() -> None:
    authorship = Authorship("boot", Limits())
    for client, name in ((7, "ada"), (8, "eve")):
        authorship.bind(client, name, 0, 0)
        assert authorship.pending(client, 0) is None
        authorship.in_step(client, name)
    forged = parse(update((8, 0, [string("mine")]), (7, 5, [string("!", left=(7, 4))]))).structs
    for is_step_2 in (True, False):
        verdict = authorship.judge(forged, "eve", {7: 5}, durable=0, is_step_2=is_step_2)
        assert verdict is Verdict.FOREIGN


def test_only_its_owner_shows_that_nothing_is_lost() -> None:
    authorship = Authorship("boot", Limits())
    authorship.bind(7, "bob", 0, 0)
    lost = parse(update((7, 5, [string("!", left=(7, 4))]))).structs
    for name in ("ada", "eve"):
        assert not authorship.in_step(7, name)
        assert authorship.judge(lost, name, {7: 5}, durable=0, is_step_2=True) is None
    authorship.in_step(7, "bob")
    assert authorship.judge(lost, "ada", {7: 5}, durable=0, is_step_2=True) is Verdict.FOREIGN
