"""A small typed client of the HTTP interface, as a program with a key uses it."""

import asyncio
import base64
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx2
from pycrdt import Doc, Text

from tests.support.server import OWNER, Server


@dataclass(frozen=True, slots=True)
class Admitted:
    """What /join answered: one participant's ticket and document URLs."""

    participant_id: str
    role: str
    ticket: str
    events_url: str
    state: str
    urls: dict[str, str]
    may_write: dict[str, bool]

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Self:
        return cls(
            answer["participant_id"],
            answer["role"],
            answer["ticket"],
            answer["events_url"],
            answer["admission"]["state"],
            {document["id"]: document["url"] for document in answer["documents"]},
            {document["id"]: document["may_write"] for document in answer["documents"]},
        )

    @property
    def code(self) -> str:
        """The URL of the code document."""
        return next(url for document, url in self.urls.items() if not document.endswith(".notes"))

    @property
    def notes(self) -> str:
        return next(url for document, url in self.urls.items() if document.endswith(".notes"))


@dataclass(frozen=True, slots=True)
class RecordedEntry:
    entry: int
    at_ms: int
    delivered_by: str
    document: str
    kind: str
    update: bytes | None
    event: dict[str, Any] | None


class Api:
    """`async with Api(server) as api`. Methods raise on an unexpected status; `http` is there for the rest."""

    def __init__(self, server: Server) -> None:
        self.http = httpx2.AsyncClient(base_url=server.url, timeout=30, trust_env=False, verify=False)
        self.signed = {"Authorization": f"Bearer {server.key}"}

    async def __aenter__(self) -> Self:
        await self.http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.__aexit__(kind, error, trace)

    async def request(
        self, method: str, path: str, body: Any = None, *, signed: bool = True, expect: int | None = None, **query: Any
    ) -> Any:
        """The JSON answer of /api/v1/<path>; `expect` is the only status allowed (default: any below 300).

        Cookies are not kept: every join is another device.
        """
        self.http.cookies.clear()
        answer = await self.http.request(
            method,
            f"/api/v1/{path}",
            json=body,
            params={name: value for name, value in query.items() if value is not None},
            headers=self.signed if signed else {},
        )
        fine = answer.is_success if expect is None else answer.status_code == expect
        assert fine, f"{method} {path} answered {answer.status_code}: {answer.text[:2000]}"
        if answer.status_code >= 400:
            assert answer.headers["content-type"].startswith("application/problem+json"), answer.headers
            assert {"type", "title", "status", "detail"} <= answer.json().keys()
        return answer.json() if answer.content else None

    async def create(self, **body: Any) -> str:
        """A new interview that the owner may finish, with seats for a crowd of guests; its id."""
        plan = {"interviewers": [OWNER], "policy": {"guests": 1000}} | body
        made = await self.request("POST", "interviews", plan, expect=201)
        return str(made["id"])

    async def status(self, interview: str) -> str:
        return str((await self.request("GET", f"interviews/{interview}"))["status"])

    async def join(
        self,
        interview: str,
        role: str,
        name: str | None = None,
        *,
        member: str | None = None,
        resume: str | None = None,
    ) -> Admitted:
        """Interviewers and observers come on behalf of a member (the owner by default), the others without a key."""
        inside = role in {"interviewer", "observer"}
        body = {"as": role, "name": name, "on_behalf_of": (member or OWNER) if inside else None, "resume": resume}
        given = {field: value for field, value in body.items() if value is not None}
        answer = await self.request("POST", f"interviews/{interview}/join", given, signed=inside, expect=200)
        return Admitted.of(answer)

    async def finish(self, interview: str) -> None:
        await self.request("POST", f"interviews/{interview}/finish", {"on_behalf_of": OWNER})

    async def cancel(self, interview: str) -> None:
        await self.request("DELETE", f"interviews/{interview}")

    async def recording(self, interview: str) -> dict[str, Any]:
        answer: dict[str, Any] = await self.request("GET", f"interviews/{interview}/recording")
        return answer

    async def text_at(
        self, interview: str, at_ms: int | None = None, document: str | None = None
    ) -> tuple[int | None, dict[str, str]]:
        """The last entry up to that time and the files then; without a time, the last state."""
        past_the_end = 2**52
        answer = await self.request(
            "GET",
            f"interviews/{interview}/recording/text",
            document=document,
            at_ms=past_the_end if at_ms is None else at_ms,
        )
        return answer["entry"], answer["files"]

    async def text(self, interview: str, document: str | None = None) -> str:
        """The recorded text of the first file, as it is now."""
        _, files = await self.text_at(interview, document=document)
        return files.get("source", "")

    async def until_text(self, interview: str, wanted: str, within_s: float = 10, document: str | None = None) -> None:
        """Asks until the recorded text is this."""
        text = await self.text(interview, document)
        try:
            async with asyncio.timeout(within_s):
                while text != wanted:
                    text = await self.text(interview, document)
        except TimeoutError:
            raise AssertionError(f"the recording has {text[:200]!r}… of {len(text)} characters") from None

    async def entries(self, interview: str, document: str | None = None) -> list[RecordedEntry]:
        """Every page."""
        found: list[RecordedEntry] = []
        after: int | None = None
        while True:
            page = await self.request(
                "GET", f"interviews/{interview}/recording/entries", document=document, after=after, limit=1000
            )
            for item in page["items"]:
                update = item.get("update")
                found.append(
                    RecordedEntry(
                        item["entry"],
                        item["at_ms"],
                        item["delivered_by"],
                        item["document"],
                        item["kind"],
                        base64.b64decode(update) if update is not None else None,
                        item.get("event"),
                    )
                )
            after = page["next"]
            if after is None:
                return found

    async def updates(self, interview: str, document: str | None = None) -> list[RecordedEntry]:
        """The update entries of one document (the code's by default)."""
        return [entry for entry in await self.entries(interview, document or interview) if entry.kind == "update"]

    async def replay(self, interview: str, document: str | None = None) -> str:
        """The text that a fresh document has after every recorded update."""
        replayed: Doc[Any] = Doc()
        for entry in await self.updates(interview, document):
            assert entry.update is not None
            replayed.apply_update(entry.update)
        return str(replayed.get("source", type=Text))
