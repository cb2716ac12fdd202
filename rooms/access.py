"""What members of each role may do in their organisation. Pure; what keys may is said by their scopes."""

from enum import StrEnum

from rooms.member import MemberRole


class Right(StrEnum):
    SEE_ALL_INTERVIEWS = "see_all_interviews"  # else those that are assigned to oneself
    CREATE_INTERVIEW = "create_interview"  # also duplicate
    CHANGE_INTERVIEW = "change_interview"  # of those that one sees; also cancel
    APPOINT_ANYWHERE = "appoint_anywhere"  # say who interviews where one neither made it nor interviews
    READ_ALL_NOTES = "read_all_notes"  # else of the interviews in which one was an interviewer
    SEE_MEMBERS = "see_members"
    INVITE_MEMBER = "invite_member"
    CHANGE_MEMBER = "change_member"  # name, role, deactivation, a new sign-in link
    CHANGE_OWNER = "change_owner"  # the same of owners; who is made one
    CHANGE_ORGANISATION = "change_organisation"
    CHANGE_LOGIN = "change_login"  # providers, domains, whether they are required: what they say of owners is believed
    ENABLE_INTEGRATION = "enable_integration"
    MANAGE_KEYS = "manage_keys"
    READ_AUDIT = "read_audit"


# O owner, A admin, M member, L limited.
_LETTERS = {MemberRole.OWNER: "O", MemberRole.ADMIN: "A", MemberRole.MEMBER: "M", MemberRole.LIMITED: "L"}
_MAY: dict[Right, str] = {
    Right.SEE_ALL_INTERVIEWS: "OAM",
    Right.CREATE_INTERVIEW: "OAM",
    Right.CHANGE_INTERVIEW: "OAM",
    Right.APPOINT_ANYWHERE: "OA",
    Right.READ_ALL_NOTES: "OA",
    Right.SEE_MEMBERS: "OAM",
    Right.INVITE_MEMBER: "OA",
    Right.CHANGE_MEMBER: "OA",
    Right.CHANGE_OWNER: "O",
    Right.CHANGE_ORGANISATION: "OA",
    Right.CHANGE_LOGIN: "O",
    Right.ENABLE_INTEGRATION: "OA",
    Right.MANAGE_KEYS: "OA",
    Right.READ_AUDIT: "OA",
}


def may(role: MemberRole, right: Right) -> bool:
    return _LETTERS[role] in _MAY[right]
