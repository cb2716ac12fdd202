"""Times: epoch milliseconds inside, ISO 8601 in UTC with a Z outside."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import PlainSerializer, WithJsonSchema


def iso(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Held as epoch milliseconds, answered as text.
Moment = Annotated[
    int, PlainSerializer(iso, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]
