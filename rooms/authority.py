"""What somebody who asks may do at the moment of deciding it."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from rooms import store
from rooms.access import Right
from rooms.errors import Unauthenticated
from rooms.principal import Principal


async def authorised(connection: AsyncConnection, principal: Principal, right: Right) -> Principal:
    """The principal as it is now, in a transaction that writes: of two who take the right from each other at once, the
    second has none any more. Raises Unauthenticated, ScopeMissing.
    """
    if principal.kind == "key":
        principal.require(right)
        return principal
    member = await store.member(connection, id=principal.id)
    if member is None or not member.is_active:
        raise Unauthenticated("Your account was deactivated. Ask an owner or an admin of your organisation.")
    now = replace(principal, role=member.role, name=member.name)
    now.require(right)
    return now
