"""What one ticket opens of one document."""

from dataclasses import dataclass

from rooms.participant import Role


@dataclass(frozen=True, slots=True, eq=False)
class Grant:
    """Given to one connection: no two are the same."""

    interview_id: str
    document_id: str
    participant_id: str
    role: Role
    may_write: bool
    user: dict[str, str]  # name, color, colorLight, id, role: what presence shows
    finished: bool
    entered: bool
    ticket_id: str
    device_id: str | None
    decided: int = 0  # how many decisions about somebody there had been
