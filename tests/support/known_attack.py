"""The attacks that were found by hand, in the language of tests.support.attack."""

from dataclasses import replace

from tests.support.attack import PARTICIPANTS, Loop, Member, Move, Pick, Scene


def known(size: int) -> list[Scene]:
    """Each of some ``size`` structs."""
    text = Move(0, length=2 * size + 2)
    one = Loop(1, (text,))
    typing = Loop(size, (Move(0, Pick(0, "last")),))
    backwards = Loop(size, (Move(0, None, Pick(0, "last")),))
    two = (Member(0), Member(1))
    swapped = (Member(1), Member(0))
    many = 300
    scenes = [
        Scene("deletions from behind", two, (one, Loop(size, (Move(0, Pick(0, "down", 0, 2), kind="delete"),)))),
        Scene("deletions at random", two, (one, Loop(size, (Move(0, Pick(0, "random"), kind="delete"),)))),
        Scene("deletions in halves", two, (one, Loop(size, (Move(0, Pick(0, "bits"), kind="delete"),)))),
        Scene("deletions one by one", two, (one, Loop(size, (Move(0, Pick(0, "down", 0, 2), kind="delete"),), 1))),
        Scene(
            "insertions from behind", two, (one, Loop(size, (Move(1, Pick(0, "down", 1, 2), Pick(0, "down", 0, 2)),)))
        ),
        Scene(
            "holes, then the rest",
            two,
            (
                one,
                Loop(size, (Move(0, Pick(0, "up", 0, 2), kind="delete"),)),
                Loop(size, (Move(0, Pick(0, "up", 1, 2), kind="delete"),)),
            ),
        ),
        Scene(
            "a rope, cut at every key",
            two,
            (
                Loop(1, (Move(0, length=14 * size),)),
                Loop(size, (Move(0, Pick(0, "last")), Move(0, Pick(0, "up", 13, 14), kind="delete")), 2),
            ),
        ),
        Scene("right origins upwards", two, (one, Loop(size, (Move(1, Pick(0, "first"), Pick(0, "up", 1)),)))),
        Scene(
            "right origins upwards, key by key",
            two,
            (one, Loop(size, (Move(1, Pick(0, "first"), Pick(0, "up", 1)),), 1)),
        ),
        Scene("right origins downwards", two, (one, Loop(size, (Move(1, Pick(0, "first"), Pick(0, "down")),)))),
        Scene(
            "holes, and right origins",
            two,
            (
                one,
                Loop(size, (Move(0, Pick(0, "up", 1, 2), kind="delete"),)),
                Loop(size // 8, (Move(1, Pick(0, "first"), Pick(0, "down")),), 1),
            ),
        ),
        Scene("left origins downwards", two, (typing, Loop(size, (Move(1, Pick(0, "down")),)))),
        *(
            Scene(f"{name} client lags behind one who types {way}", members, (base, Loop(size, moves)))
            for name, members, forward in (
                ("a higher", two, Move(1, Pick(0), Pick(1, "last"))),
                ("a lower", swapped, Move(1, Pick(0))),
                ("a fresh higher", (Member(0), Member(1, many)), Move(1, Pick(0))),
                ("a fresh lower", (Member(1), Member(0, many)), Move(1, Pick(0))),
            )
            for way, base, moves in (
                ("forwards", typing, (forward,)),
                ("backwards", backwards, (Move(1, None, Pick(0)),)),
            )
        ),
        Scene(
            "three lag behind one who types backwards",
            (Member(0), Member(1), Member(2, participant=1), Member(3, participant=2)),
            (backwards, Loop(size, tuple(Move(who, None, Pick(0)) for who in (1, 2, 3)))),
        ),
        Scene(
            "three type backwards in one place",
            (Member(0), Member(1, participant=1), Member(2, participant=2)),
            tuple(Loop(size // 3, (Move(who, None, Pick(who, "last")),)) for who in (2, 1, 0)),
        ),
        Scene("nothing on either side", two, (backwards, Loop(size, (Move(1),)))),
        Scene(
            "nothing on either side, from many",
            (Member(0), Member(1, many), Member(1, many, 1), Member(1, many, 2)),
            (backwards, Loop(many, (Move(1), Move(2), Move(3)), 1)),
        ),
        Scene(
            "nothing on either side, lower clients", (Member(1), Member(0, many)), (backwards, Loop(many, (Move(1),)))
        ),
        _flip(size, 1),
        _flip(min(size, 990), PARTICIPANTS),
        Scene(
            "cheap for those who are there, dear for who comes",
            (Member(0), Member(1), Member(2)),
            (
                Loop(
                    size,
                    (
                        Move(0, Pick(2, "last"), Pick(0, "first")),
                        Move(1, Pick(2, "last"), Pick(0, "first")),
                        Move(2, Pick(2, "last"), Pick(0, "last")),
                    ),
                ),
            ),
        ),
        Scene(
            "much text for its bytes, then all over scattered insertions",
            (
                *(Member(0, participant=n) for n in range(PARTICIPANTS)),
                *(Member(2, 100, participant=n) for n in range(PARTICIPANTS)),
                Member(0),
                Member(1),
            ),
            (
                Loop(1, tuple(Move(who, length=10 * size) for who in range(PARTICIPANTS))),
                Loop(1, (Move(6, length=2 * size + 2),)),
                Loop(size, (Move(7, Pick(6, "bits"), Pick(6, "bits", 1)),)),
                Loop(100, tuple(Move(3 + n) for n in range(PARTICIPANTS)), 1),
            ),
        ),
        Scene(
            "much text for its bytes, then three lag behind one who types backwards",
            (
                *(Member(0, participant=n) for n in range(PARTICIPANTS)),
                *(Member(1, participant=n) for n in (0, 0, 1, 2)),
            ),
            (
                Loop(1, tuple(Move(who, length=10 * size) for who in range(PARTICIPANTS))),
                Loop(size, (Move(3, None, Pick(3, "last")),)),
                Loop(size, tuple(Move(who, None, Pick(3)) for who in (4, 5, 6)), 50),
            ),
        ),
        Scene("versions of a value", two, (Loop(size, (Move(0, kind="value"),)),)),
        Scene("versions of a value, key by key", two, (Loop(size, (Move(0, kind="value"),), 1),)),
        Scene(
            "versions of a value, from many",
            (Member(0, many), Member(1, many, 1), Member(1, many, 2, is_descending=True)),
            (Loop(many, (Move(0, kind="value"), Move(1, kind="value"), Move(2, kind="value")), 1),),
        ),
        Scene(
            "keys, with many clients there",
            (Member(0), Member(1, many, 0), Member(1, many, 1), Member(1, many, 2)),
            (Loop(many, (Move(1), Move(2), Move(3))), Loop(4 * size, (Move(0, Pick(0, "last")),), 1)),
        ),
        Scene("keys and nothing else", two, (Loop(4 * size, (Move(0, Pick(0, "last")),), 1),)),
        Scene(
            "clients that weave",
            (Member(0, many),),
            (Loop(size, (Move(0, Pick(0, "last")),)),),
        ),
        Scene("many texts", two, (Loop(size, (Move(0, roots=50),)),)),
    ]
    return [replace(scene, seed=n + 1) for n, scene in enumerate(scenes)]


def _flip(size: int, participants: int) -> Scene:
    """Cheap in our order; the last key makes every newcomer integrate in another one."""
    ranks = (1, 2, 0, 3)
    members = tuple(Member(rank, participant=n) for n in range(participants) for rank in ranks)
    loops: list[Loop] = []
    for n in range(participants):
        text, upper, lower = (4 * n + role for role in range(3))
        ends = Pick(text, "first"), Pick(text, "first", 1)
        loops += (
            Loop(1, (Move(text, length=2),)),
            Loop(1, (Move(upper, *ends),)),
            Loop(size, (Move(upper, ends[0], Pick(upper, "last")),)),
            Loop(1, (Move(lower, *ends),)),
            Loop(1, (Move(lower, Pick(lower, "first"), ends[1]),)),
            Loop(size, (Move(lower, Pick(lower, "first"), Pick(lower, "last")),)),
        )
    for n in range(participants):
        loops.append(Loop(1, (Move(4 * n + 3, Pick(4 * n + 2, "last"), Pick(4 * n + 2, "last", 1)),)))
    return Scene(f"{participants} x one conflict, then backwards on both sides of it", members, tuple(loops))
