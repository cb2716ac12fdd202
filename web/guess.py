"""How often somebody may try to sign in: from one address, and for one account."""

from web.auth import came_to, panelroom
from web.problem import TooManyRequests
from web.rate import network

_MAX_CHARACTERS = 300


def check_address() -> None:
    """Count one. Raises TooManyRequests."""
    wait_s = panelroom().sign_ins.wait_s(network(came_to().address))
    if wait_s:
        raise TooManyRequests(wait_s, "attempts to sign in from your address")


async def check_guess(email: str) -> None:
    """Count a password for one account, whoever asks and whether there is such an account. Raises TooManyRequests.

    Where its member is signed in from this address already, that has a count of its own: others cannot keep him out.
    """
    wait_s = panelroom().wrong_passwords.wait_s(_account(email))
    if wait_s and await panelroom().rooms.logins.is_usual(email, came_to().address):
        wait_s = panelroom().wrong_passwords.wait_s(f"{_account(email)} {came_to().address}")
    if wait_s:
        raise TooManyRequests(wait_s, "wrong passwords for this account")


def forgive(email: str) -> None:
    """It was the right one."""
    panelroom().wrong_passwords.forget(_account(email))


def _account(email: str) -> str:
    return email.strip().lower()[:_MAX_CHARACTERS]
