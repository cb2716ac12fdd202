from typing import Any

import pycrdt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab import update as update_module
from collab.update import (
    ANY,
    DELETED,
    MAX_CLOCK,
    STRING,
    Struct,
    Update,
    encode_state_vector,
    parse,
    part,
    with_deletes,
)
from collab.wire import MAX_VARUINT, Malformed, TooLarge, decode_state_vector, varuint
from tests.collab.cost import calls_of
from tests.collab.typist import Typist, deleted, other, string, update, values

NULL = b"\x7e"


def _room() -> list[bytes]:
    """Every kind of honest update, in order."""
    ada, bob = Typist(7), Typist(MAX_VARUINT)
    told = [ada.insert(0, "hello"), ada.insert(5, " 😀\r\n"), ada.insert(2, "XY"), ada.delete(1, 3), ada.delete(4)]
    told += [ada.put("source", {"name": "a.py", "language": "python"}), ada.put("source", [1, 2.5, None, -3])]
    bob.receive(*told)
    theirs = [ada.insert(0, "A"), ada.insert(1, "a")]
    ours = [bob.insert(0, "B"), bob.delete(2, 2), bob.put("source", "x")]
    ada.receive(*ours)
    bob.receive(*theirs)
    return [*told, *theirs, *ours, ada.whole(), bob.whole(), bob.lacked_by(encode_state_vector({7: 4}))]


REAL = _room()


def test_typing() -> None:
    ada = Typist(7)
    assert parse(ada.insert(0, "hello")) == Update([Struct(7, 0, 5, STRING, None, None, "source", None, "hello")], [])
    assert parse(ada.insert(5, " 😀\r\n")) == Update([Struct(7, 5, 5, STRING, (7, 4), None, None, None, " 😀\r\n")], [])
    assert parse(ada.insert(2, "é")) == Update([Struct(7, 10, 1, STRING, (7, 1), (7, 2), None, None, "é")], [])
    assert parse(ada.insert(0, "<")) == Update([Struct(7, 11, 1, STRING, None, (7, 0), None, None, "<")], [])


def test_deleting() -> None:
    ada = Typist(7)
    ada.insert(0, "a😀b")
    ada.insert(1, "xy")
    assert parse(ada.delete(0, 2)) == Update([], [(7, 0, 1), (7, 4, 1)])
    assert parse(ada.delete(1)) == Update([], [(7, 1, 2)])
    assert parse(ada.whole()) == Update(
        [
            Struct(7, 0, 1, DELETED, None, None, "source", None, None),
            Struct(7, 1, 2, DELETED, (7, 0), None, None, None, None),
            Struct(7, 3, 1, STRING, (7, 2), None, None, None, "b"),
            Struct(7, 4, 1, DELETED, (7, 0), (7, 1), None, None, None),
            Struct(7, 5, 1, STRING, (7, 4), (7, 1), None, None, "y"),
        ],
        [(7, 0, 3), (7, 4, 1)],
    )


def test_values() -> None:
    ada = Typist(7)
    value: dict[str, Any] = {"name": "a.py", "deep": [1, 2.5, None, True, False, -3, 2**40, "😀", {"": []}]}
    assert parse(ada.put("source", value)) == Update([Struct(7, 0, 1, ANY, None, None, "files", "source", None)], [])
    assert parse(ada.put("source", "again")) == Update(
        [Struct(7, 1, 1, ANY, (7, 0), None, None, None, None)], [(7, 0, 1)]
    )


def test_other_roots() -> None:
    ada = Typist(7)
    text = ada.doc.get("source/ß", type=pycrdt.Text)
    text.insert(0, "x")
    assert parse(ada.whole()).structs == [Struct(7, 0, 1, STRING, None, None, "source/ß", None, "x")]


def test_concurrent_merges() -> None:
    ada = Typist(7)
    bob = Typist(300, ada.insert(0, "ab"))
    ada.insert(1, "1")
    bob.insert(1, "2")
    bob.delete(0)
    ada.receive(bob.whole())
    merged = parse(ada.whole())
    assert sorted(merged.structs, key=lambda s: (s.client, s.clock)) == [
        Struct(7, 0, 1, DELETED, None, None, "source", None, None),
        Struct(7, 1, 1, STRING, (7, 0), None, None, None, "b"),
        Struct(7, 2, 1, STRING, (7, 0), (7, 1), None, None, "1"),
        Struct(300, 0, 1, STRING, (7, 0), (7, 1), None, None, "2"),
    ]
    assert merged.deletes == [(7, 0, 1)]


def test_the_rest_of_a_run() -> None:
    ada = Typist(7)
    ada.insert(0, "hello")
    assert parse(ada.lacked_by(encode_state_vector({7: 2}))) == Update(
        [Struct(7, 2, 3, STRING, (7, 1), None, None, None, "llo")], []
    )


def test_nothing() -> None:
    assert parse(b"\x00\x00") == Update([], [])
    assert parse(Typist(7).whole()) == Update([], [])


def test_the_bytes_that_tests_write_are_those_of_pycrdt() -> None:
    ada = Typist(7)
    assert ada.insert(0, "hello") == update((7, 0, [string("hello")]))
    assert ada.insert(2, "😀") == update((7, 5, [string("😀", left=(7, 1), right=(7, 2))]))
    assert ada.delete(0) == update(deletes={7: [(0, 1)]})
    assert ada.put("k", None) == update((7, 7, [values(NULL, key="k")]))


@pytest.mark.parametrize("whole", REAL, ids=range(len(REAL)))
def test_every_truncation_and_every_further_byte_is_malformed(whole: bytes) -> None:
    parse(whole)
    for end in range(len(whole)):
        with pytest.raises(Malformed):
            parse(whole[:end])
    for byte in range(256):
        with pytest.raises(Malformed):
            parse(whole + bytes([byte]))


def _embed(ada: Typist) -> None:
    ada.source.insert_embed(0, {"a": 1})


def _format(ada: Typist) -> None:
    ada.source.format(0, 1, {"bold": True})


def _type(ada: Typist) -> None:
    ada.files["n"] = pycrdt.Text("x")


def _array(ada: Typist) -> None:
    ada.files["n"] = pycrdt.Array([1])


def _subdocument(ada: Typist) -> None:
    ada.files["n"] = pycrdt.Doc[Any]()


def _binary(ada: Typist) -> None:
    ada.files["n"] = b"x"


def _xml(ada: Typist) -> None:
    ada.doc.get("x", type=pycrdt.XmlFragment).children.append(pycrdt.XmlElement("p"))


def _collected(ada: Typist) -> None:
    ada.files["n"] = pycrdt.Text("x")
    del ada.files["n"]


@pytest.mark.parametrize("write", [_embed, _format, _type, _array, _subdocument, _binary, _xml, _collected])
def test_what_pycrdt_can_write_and_the_document_cannot_hold(write: Any) -> None:
    ada = Typist(7)
    ada.insert(0, "ab")
    parse(ada.whole())
    write(ada)
    with pytest.raises(Malformed):
        parse(ada.whole())


def test_an_update_with_a_hole() -> None:
    """What a client keeps until it has what is missing comes in its step 2, with the clocks between left out."""
    keys = Typist(7).type("abcd")
    assert [struct.clock for struct in parse(pycrdt.merge_updates(keys[0], keys[2])).structs] == [0, 2]


@pytest.mark.parametrize(
    "struct",
    [
        b"\x00\x01",  # GC
        b"\x0a\x01",  # Skip
        b"\x80\x07\x00\x01",  # GC with an origin
        other(0, b"\x01"),
        other(2, b"\x01\x01x"),  # JSON
        other(3, b"\x01x"),  # binary
        other(5, b"\x02{}"),  # embed
        other(6, b"\x01b\x04true"),  # format
        other(7, b"\x00"),  # type
        other(9, b"\x01x\x76\x00"),  # subdocument
        other(10, b"\x01"),
        other(11, b"\x00\x01\x00\x01"),  # move
        other(12),
        other(31),
        b"\x04\x00\x07\x00\x01x",  # in a nested type
        b"\x04\x00\x06source\x01x",
        b"\x04\x02\x06source\x01x",
        string(""),
        deleted(0),
        values(),
        values(b"\x74\x01x", key="k"),  # bytes
        values(b"\x73", key="k"),
        values(b"\x00", key="k"),
        values(b"\x7d\xff\xff\xff\xff\xff\xff\xff\xff\x7f", key="k"),  # an integer of nine bytes
        values(b"\x77\x01\xff", key="k"),
        values(b"\x76\x01\x01\xff\x7e", key="k"),
        b"\x04\x01\x01\xff\x01x",  # a root that is not UTF-8
        b"\x24\x01\x06source\x01\xff\x01x",
        other(4, b"\x03\xed\xa0\x80"),  # half of a surrogate pair
        other(4, b"\x01\x80"),
        other(4, b"\x01\xff"),
        other(4, b"\x02\xc0\x80"),
        b"\x84\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x01x",  # an origin's client of more than 2**53
    ],
    ids=bytes.hex,
)
def test_refused_structs(struct: bytes) -> None:
    with pytest.raises(Malformed):
        parse(update((7, 0, [struct])))
    with pytest.raises(Malformed):
        parse(update((7, 0, [string("ok"), struct])))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        update((7, 0, [])),
        update((7, 0, [string("a")]), (7, 1, [string("b", left=(7, 0))])),
        update((7, 0, [string("a")]), (8, 0, [string("b")]), (7, 5, [string("c")])),
        update(deletes={7: [(0, 0)]}),
        update((7, MAX_CLOCK, [string("a")])),
        update((7, MAX_CLOCK - 1, [string("ab")])),
        update((7, 0, [deleted(MAX_CLOCK + 1)])),
        update((7, 0, [deleted(MAX_CLOCK), string("a")])),
        update((7, 0, [deleted(2**32 - 2)])),
        update((7, MAX_VARUINT, [string("a")])),
        update(deletes={7: [(MAX_CLOCK, 1)]}),
        update(deletes={7: [(0, MAX_CLOCK + 1)]}),
        update(deletes={7: [(MAX_VARUINT, MAX_VARUINT)]}),
        b"\x00\x02" + 2 * b"\x07\x01\x00\x01",  # a client's deleted ranges in two runs
        b"\x00\x03" + b"\x07\x01\x00\x01" + b"\x08\x01\x00\x01" + b"\x07\x01\x05\x01",
        update(deletes={7: [(0, 1), (0, 1)]}),
        update(deletes={7: [(0, 3), (2, 2)]}),
        update(deletes={7: [(5, 9), (0, 6)]}),
        update(deletes={7: [(3, 1), (0, 9), (20, 1)]}),
        b"\x01\x01" + varuint(MAX_VARUINT + 1) + b"\x00" + string("a") + b"\x00",
        b"\x01\x01\x07" + varuint(MAX_VARUINT + 1) + string("a") + b"\x00",
        b"\x80" * 8 + b"\x00\x00",
        varuint(MAX_VARUINT) + b"\x00" * 40,
        b"\x00" + varuint(MAX_VARUINT) + b"\x00" * 40,
        b"\x00\x01\x07" + varuint(MAX_VARUINT) + b"\x00" * 40,
        b"\x01\x01\x07\x00\x08\x01\x05files" + varuint(MAX_VARUINT) + NULL * 40,
    ],
    ids=bytes.hex,
)
def test_refused_updates(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse(data)


def test_so_much_in_one_update(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update_module, "MAX_PARTS", 4)
    many, few = [string("x")] * 3, [string("y")]
    assert len(parse(update((7, 0, many), (8, 0, few))).structs) == 4
    with pytest.raises(TooLarge):
        parse(update((7, 0, many), (8, 0, [*few, *few])))
    ranges = [(0, 1), (2, 1), (4, 1)]
    assert len(parse(update(deletes={7: ranges, 8: [(0, 1)]})).deletes) == 4
    with pytest.raises(TooLarge):
        parse(update(deletes={7: ranges, 8: ranges[:2]}))


def test_other_deleted_ranges() -> None:
    typed = (7, 0, [string("hello")])
    data = update(typed, deletes={9: [(0, 1)]})
    other_deletes = with_deletes(data, parse(data), [(8, 3, 1), (7, 5, 1), (7, 0, 2)])
    assert other_deletes == update(typed, deletes={8: [(3, 1)], 7: [(0, 2), (5, 1)]})


def test_a_part_of_an_update() -> None:
    first, second, third = string("😀", left=(9, 1)), deleted(2, left=(9, 3)), string("b", left=(9, 5))
    theirs = [string("x"), values(NULL, NULL, key="k")]
    data = update((9, 2, [first, second, third]), (300, 0, theirs), deletes={7: [(0, 1)]})
    structs = parse(data).structs
    assert part(data, structs, [(7, 0, 1)]) == data
    assert part(data, structs[1:4], [(7, 2, 1), (8, 0, 3)]) == update(
        (9, 4, [second, third]), (300, 0, theirs[:1]), deletes={7: [(2, 1)], 8: [(0, 3)]}
    )
    assert part(data, structs[4:], []) == update((300, 1, theirs[1:]))
    assert part(data, [], []) == update()


def test_the_largest_that_is_allowed() -> None:
    assert MAX_CLOCK == 2**31
    assert parse(update((MAX_VARUINT, MAX_CLOCK - 1, [string("a")]))).structs[0].clock == MAX_CLOCK - 1
    assert parse(update((7, 0, [deleted(MAX_CLOCK)]))).structs[0].length == MAX_CLOCK
    assert parse(update(deletes={7: [(MAX_CLOCK - 1, 1)]})).deletes == [(7, MAX_CLOCK - 1, 1)]


def test_deleted_ranges_that_touch_in_any_order() -> None:
    ranges = [(5, 2), (0, 3), (3, 2), (9, 1)]
    parsed = parse(update(deletes={7: ranges, 8: ranges}))
    assert parsed.deletes == [(client, *each) for client in (7, 8) for each in ranges]


def test_cost_is_linear() -> None:
    for data in (
        update((7, 0, [string("x")] * 6_000)),
        update((7, 0, [values(*[NULL] * 100_000, key="k")])),
        update(*[(client, 0, [string("x")]) for client in range(4_000)]),
        update(deletes={client: [(0, 1)] for client in range(10_000)}),
        update((7, 0, [string("é" * 1_000_000)])),
    ):
        assert calls_of(lambda data=data: _parse_or_refuse(data)) < 3 * len(data) + 50  # type: ignore[misc]


def test_state_vectors_come_back() -> None:
    clocks = {7: 5, MAX_VARUINT: MAX_CLOCK, 0: 1}
    assert decode_state_vector(encode_state_vector(clocks)) == clocks
    assert encode_state_vector({}) == b"\x00"


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes(data: bytes) -> None:
    _parse_or_refuse(data)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_mutation_of_a_real_update(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from(REAL)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole)))
        match data.draw(st.sampled_from("=+-~")):
            case "=":
                whole[at : at + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case "+":
                whole[at:at] = data.draw(st.binary(min_size=1, max_size=8))
            case "-":
                del whole[at : at + data.draw(st.integers(1, 8))]
            case "~":
                whole[at : at + 1] = varuint(data.draw(st.integers(0, MAX_VARUINT)))
    _parse_or_refuse(bytes(whole))


def _parse_or_refuse(data: bytes) -> None:
    try:
        parsed = parse(data)
    except Malformed:
        return
    clocks: dict[int, int] = {}
    for struct in parsed.structs:
        assert struct.length >= 1
        assert clocks.get(struct.client, struct.clock) == struct.clock
        clocks[struct.client] = struct.clock + struct.length
        assert clocks[struct.client] <= MAX_CLOCK
        assert (struct.root is None) == (struct.left is not None or struct.right is not None)
        if struct.content == STRING:
            assert struct.text is not None
            assert struct.length == len(struct.text.encode("utf-16-le")) // 2
    for _, clock, length in parsed.deletes:
        assert length >= 1
        assert clock + length <= MAX_CLOCK
