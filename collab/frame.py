"""A whole frame of a client, read."""

from collab.errors import Refused
from collab.update import Update as ParsedUpdate
from collab.update import parse
from collab.wire import CloseCode, Malformed, Message, SyncStep2, TooLarge, Update, decode

Received = tuple[Message, ParsedUpdate]

_NO_UPDATE = ParsedUpdate([], [])


def read(frame: bytes) -> Received:
    """It touches nothing else, and may run in another thread. Raises Refused."""
    try:
        message = decode(frame)
        if isinstance(message, (Update, SyncStep2)):
            return message, parse(message.update)
        return message, _NO_UPDATE
    except Malformed as error:
        raise Refused(CloseCode.INVALID, str(error)) from None
    except TooLarge as error:
        raise Refused(CloseCode.LIMIT, str(error)) from None
