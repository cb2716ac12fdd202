"""Updates as a new client makes them, one for each key."""

from pycrdt import Doc, Text, TransactionEvent


def keystrokes(text: str) -> list[bytes]:
    """One update for each character, typed at the end by one new client."""
    document: Doc[Text] = Doc()
    typed = document.get("source", type=Text)
    updates: list[bytes] = []

    def keep(event: TransactionEvent) -> None:
        updates.append(event.update)

    kept = document.observe(keep)
    for letter in text:
        typed.insert(len(typed), letter)
    document.unobserve(kept)
    return updates
