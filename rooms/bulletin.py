"""What dashboards hear: which interviews and people are not as they were listed any more, in the commit that changes
them.

It is told in a log that is named by the organisation, and not kept.
"""

from collab.journal import Transaction
from rooms.interview import Interview, Kind

LISTED = "interview.listed"  # {id, created_by, interviewers}: of an interview, before or after its change
MEMBER_CHANGED = "member.changed"  # {id}: what this member may see
PEOPLE_CHANGED = "people.changed"  # {}: who is a member or invited


async def announce(transaction: Transaction, *interviews: Interview) -> None:
    """An interview that is new, or as it was and as it is; those that count nowhere are told to nobody."""
    for interview in interviews:
        if interview.kind is Kind.INTERVIEW:
            told = {
                "id": interview.id,
                "created_by": interview.created_by,
                "interviewers": list(interview.interviewers),
            }
            await transaction.mention(interview.organisation_id, LISTED, told)


async def announce_member(transaction: Transaction, organisation_id: str, member_id: str) -> None:
    """His role has changed, or he has been deactivated: he sees other interviews, or none."""
    await transaction.mention(organisation_id, MEMBER_CHANGED, {"id": member_id})


async def announce_people(transaction: Transaction, organisation_id: str) -> None:
    """Somebody has been invited, or become a member, or is not as he was."""
    await transaction.mention(organisation_id, PEOPLE_CHANGED, {})
