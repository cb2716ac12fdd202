"""Passwords: argon2id, off the event loop, one at a time."""

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from rooms.errors import PasswordWeak, TooBusy

MIN_CHARACTERS = 12
MAX_CHARACTERS = 256
_MIN_DIFFERENT = 5
_MAX_WAITING = 30

# RFC 9106's option for little memory, 64 MiB and 3 passes, on one core: people sign in beside rooms that go on.
hasher = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)
# Of a password that nobody knows, with the same parameters: what is compared where there is nothing to compare with.
NOBODYS = "$argon2id$v=19$m=65536,t=3,p=1$Er7GsXtqwkzg/bwY/GEyjg$wpGQT2x3s6ePgA81EK9wDYi8ASVZbIOlt1ajkt4bu+8"

_Result = TypeVar("_Result")


class Passwords:
    """Invariant: one hash is computed for whatever is asked, so that no answer comes sooner than another."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(1)

    async def matches(self, known: str | None, password: str) -> bool:
        """``known`` is the hash on record, if there is one. Raises TooBusy."""
        is_right = await self._run(lambda: _verify(known or NOBODYS, password))
        return is_right and known is not None

    async def hashed(self, password: str, *personal: str) -> str:
        """Of a new one, which is nothing of what is ``personal``. Raises PasswordWeak, TooBusy."""
        check(password, *personal)
        return await self._run(lambda: hasher.hash(_bytes(password)))

    async def renewed(self, known: str, password: str) -> str | None:
        """The right one, hashed as new ones are; None where it is already. Raises TooBusy."""
        if not hasher.check_needs_rehash(known):
            return None
        return await self._run(lambda: hasher.hash(_bytes(password)))

    async def _run(self, step: Callable[[], _Result]) -> _Result:
        if self._limiter.statistics().tasks_waiting >= _MAX_WAITING:
            raise TooBusy("Too many people are signing in. Try again in a moment.")
        return await anyio.to_thread.run_sync(step, limiter=self._limiter)


def check(password: str, *personal: str) -> None:
    """Raises PasswordWeak."""
    if len(password) < MIN_CHARACTERS:
        raise PasswordWeak(f"The password has fewer than {MIN_CHARACTERS} characters.")
    if len(password) > MAX_CHARACTERS:
        raise PasswordWeak(f"The password has more than {MAX_CHARACTERS} characters.")
    if len(set(password)) < _MIN_DIFFERENT:
        raise PasswordWeak(f"The password has fewer than {_MIN_DIFFERENT} different characters.")
    if password.casefold() in {each.casefold() for each in personal}:
        raise PasswordWeak("The password is a name or an address of yours.")


def _verify(known: str, password: str) -> bool:
    try:
        return hasher.verify(known, _bytes(password))
    except VerificationError:
        return False


def _bytes(password: str) -> bytes:
    return password[: MAX_CHARACTERS + 1].encode("utf-8", "surrogatepass")
