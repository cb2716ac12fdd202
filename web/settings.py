"""Every setting of the server. The only reader of the environment."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from collab.gate import Limits

PREFIX = "PANELROOM_"
_LIMITS = Limits()


class Settings(BaseSettings):
    """Environment variables ``PANELROOM_<NAME>``; the descriptions are what ``panelroom settings`` lists."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    public_url: str | None = Field(
        None, description="Address at which people reach the server, like https://interviews.example.com"
    )
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (), description="Addresses or networks of proxies whose X-Forwarded-* headers count, separated by commas"
    )
    metrics_from: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (ip_network("127.0.0.0/8"), ip_network("::1")),
        description="Addresses or networks that may read /metrics, separated by commas",
    )
    min_free_bytes: NonNegativeInt = Field(
        100 * 2**20, description="Bytes that the data directory's disk must have left for /readyz to answer 200"
    )
    server: Literal["uvicorn", "hypercorn"] = Field("uvicorn", description="ASGI server that runs the application")
    joins_per_min: NonNegativeInt = Field(120, description="Joins a minute from one address; 0 for no limit")
    sign_ins_per_min: NonNegativeInt = Field(
        30, description="Attempts to sign in a minute from one address; 0 for no limit"
    )
    wrong_passwords: NonNegativeInt = Field(
        10, description="Wrong passwords for one account, and then one a minute; 0 for no limit"
    )
    chats_per_min: NonNegativeInt = Field(20, description="Chat messages a minute of one participant; 0 for no limit")
    frames_per_s: NonNegativeInt = Field(
        500, description="Frames a second from one connection, with bursts of twice as many; 0 for no limit"
    )
    cpu_per_s: NonNegativeFloat = Field(
        0.25,
        description="Seconds of computing a second for the frames of one connection, "
        "with bursts of eight times as many; 0 for no limit",
    )
    participant_connections: NonNegativeInt = Field(
        20,
        description="Connections of one participant to one document; further ones are closed with 4529; 0 for no limit",
    )
    document_connections: NonNegativeInt = Field(
        300, description="Connections to one document; further ones are closed with 4529; 0 for no limit"
    )
    server_connections: NonNegativeInt = Field(
        5_000, description="Connections to the whole server; further ones are closed with 4529; 0 for no limit"
    )
    max_frame_bytes: PositiveInt = Field(
        2 * 2**20, description="Largest frame of a connection in bytes; more is closed with 4413"
    )
    hard_frame_bytes: PositiveInt = Field(
        4 * 2**20, description="Frame size in bytes that is not even read; more is closed with 1009"
    )
    max_structs: PositiveInt = Field(
        _LIMITS.max_structs, description="New structs in one update; more is closed with 4413"
    )
    max_ranges: PositiveInt = Field(
        _LIMITS.max_ranges, description="New delete ranges in one update; more is closed with 4413"
    )
    max_document_bytes: PositiveInt = Field(
        _LIMITS.max_document_bytes,
        description="Bytes that the updates of one document may sum up to; more is closed with 4413",
    )
    max_document_structs: PositiveInt = Field(
        _LIMITS.max_document_structs,
        description="Structs and deleted ranges that one document may hold; more is closed with 4413",
    )
    max_files: PositiveInt = Field(
        _LIMITS.max_files, description="Files of one document beside the first; more is closed with 4413"
    )
    max_new_clients: PositiveInt = Field(
        _LIMITS.max_new_clients, description="New Yjs client ids in one update; more is closed with 4413"
    )
    max_clients: PositiveInt = Field(
        _LIMITS.max_clients, description="Yjs client ids of one participant in one document; more is closed with 4413"
    )
    max_steps: PositiveInt = Field(
        _LIMITS.max_steps,
        description="Steps of integration that one update may cost every browser; more is closed with 4413",
    )
    max_crossings: PositiveInt = Field(
        _LIMITS.max_crossings,
        description="Pairs of items in one document that a newcomer may have to compare; more is closed with 4413",
    )
    max_participant_crossings: PositiveInt = Field(
        _LIMITS.max_participant_crossings, description="The same, added by one participant; more is closed with 4413"
    )
    max_participant_steps: PositiveInt = Field(
        _LIMITS.max_participant_steps,
        description="Steps of integration that all updates of one participant may cost, beside some for each byte; "
        "more is closed with 4413",
    )
    outbox_bytes: PositiveInt = Field(
        2 * 2**20, description="Bytes that may wait for one connection; more is closed with 4508"
    )
    max_body_bytes: PositiveInt = Field(64 * 2**10, description="Largest body of an HTTP request in bytes")
    journal_group_ms: NonNegativeInt = Field(40, description="Milliseconds in which one commit gathers updates")
    journal_queue_updates: PositiveInt = Field(
        100_000, description="Updates that may wait for the disk; beyond them new ones are set aside"
    )
    journal_queue_bytes: PositiveInt = Field(
        64 * 2**20, description="Bytes of updates that may wait for the disk; beyond them new ones are set aside"
    )
    keep_alive_s: PositiveFloat = Field(
        9, description="Half of the longest silence in seconds that a connection hears; stock clients give up after 30"
    )
    dead_s: PositiveFloat = Field(10, description="Seconds after which a connection that answers nothing is ended")
    evict_s: PositiveFloat = Field(300, description="Seconds after which a document that nobody uses leaves the memory")
    reopen_s: NonNegativeFloat = Field(900, description="Seconds in which a finish can be undone; 0 for never")

    seat_hold_s: PositiveFloat = Field(
        30, description="Seconds for which a seat is kept for somebody who is not connected"
    )

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        url = urlsplit(value)
        if url.scheme not in {"http", "https"} or not url.hostname or url.path.strip("/") or url.query or url.fragment:
            raise ValueError("must be http(s)://host or http(s)://host:port")
        return f"{url.scheme}://{url.netloc}".lower()

    @field_validator("trusted_proxies", "metrics_from", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
        return value


def described() -> list[tuple[str, str, str]]:
    """(variable, default, description) of every setting."""
    return [
        (PREFIX + name.upper(), _written(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def changed(settings: Settings) -> dict[str, str]:
    """What is not as it is by default, by name."""
    return {name: _written(value) for name, value in settings.model_dump(exclude_defaults=True).items()}


def _written(value: Any) -> str:
    """As it stands in the environment."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)
