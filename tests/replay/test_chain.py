import json
from hashlib import sha256

from collab.log import Entry
from replay.chain import Chain

LOG = [
    Entry("i", 1, 0, "", "p", "participant.joined", b'{"participant":{"id":"p","name":"\xc3\x84"}}'),
    Entry("i", 2, 10, "i", "p", "update", b"\x01\x02"),
    Entry("i", 3, 10, "i.notes", "q", "update", b"\x03"),
    Entry("i", 4, 30, "i", "q", "update", b"\x04\x05\x06"),
]


def test_the_head_is_what_the_documentation_says() -> None:
    chain = Chain("i")
    for entry in LOG:
        chain.take(entry)
    head = sha256(b"panelroom chain 1\ni").digest()
    for number, at_ms, document, by, kind, payload in (
        (1, 0, "", "p", "participant.joined", LOG[0].payload),
        (2, 10, "i", "p", "update", b"\x01\x02"),
        (4, 30, "i", "q", "update", b"\x04\x05\x06"),
    ):
        line = json.dumps([number, at_ms, document, by, kind], separators=(",", ":"))
        head = sha256(head + sha256(payload).digest() + line.encode()).digest()
    assert chain.head == head
    assert (chain.entry, chain.at_ms, chain.updates, chain.events, chain.bytes, len(chain)) == (4, 30, 2, 1, 5, 3)


def test_the_notes_are_on_their_own() -> None:
    chain = Chain("i.notes")
    for entry in LOG:
        chain.take(entry)
    assert (chain.entry, chain.at_ms, chain.updates, chain.events, chain.bytes) == (4, 10, 1, 0, 1)


def test_every_change_of_the_log_changes_the_head() -> None:
    def head(log: list[Entry]) -> bytes:
        chain = Chain("i")
        for entry in log:
            chain.take(entry)
        return chain.head

    mine = [entry for entry in LOG if entry.document != "i.notes"]
    changed = [
        mine[:-1],
        mine[1:],
        [mine[0], mine[2], mine[1]],
        [*mine[:2], Entry("i", 4, 30, "i", "p", "update", mine[2].payload)],
        [*mine[:2], Entry("i", 4, 40, "i", "q", "update", mine[2].payload)],
        [*mine[:2], Entry("i", 4, 30, "i", "q", "update", b"\x04\x05\x07")],
    ]
    assert len({head(log) for log in (mine, *changed)}) == 1 + len(changed)
