"""What can be wrong with a request to change or enter an interview. Each is named for the fact."""

from collections.abc import Mapping


class RoomsError(Exception):
    """Root of this package's errors; the text is written for the person who asked."""


class TextInvalid(RoomsError):
    """Raised when a name, title or address breaks the rules for text."""


class Unauthenticated(RoomsError):
    """Raised when what was asked needs a session or a key and there is none that counts."""


class ScopeMissing(RoomsError):
    """Raised when the key that asks lacks the scope, or the member's role does not allow it."""


class InterviewUnknown(RoomsError):
    """Raised when there is no such interview, it was cancelled, or the one who asks may not see it."""


class InterviewFinished(RoomsError):
    """Raised when it is too late: the interview is finished."""

    def __init__(self, by: str | None = None, at_ms: int | None = None) -> None:
        who = f" by {by}" if by else ""
        super().__init__(f"The interview was already finished{who}.")
        self.by = by
        self.at_ms = at_ms


class InterviewNotActive(RoomsError):
    """Raised when only an active interview can be finished and this one is not."""


class InterviewNotFinished(RoomsError):
    """Raised when only a finished interview can be reopened and this one is not."""


class ReopenTooLate(RoomsError):
    """Raised when the time in which a finish can be undone is over."""


class NotAnInterviewer(RoomsError):
    """Raised when only an interviewer of this interview may do what was asked."""


class OnBehalfMissing(RoomsError):
    """Raised when a key has to say for which member it acts and does not."""


class MemberUnknown(RoomsError):
    """Raised when no member of the organisation has this e-mail address."""


class MemberIdUnknown(RoomsError):
    """Raised when no member of the organisation has this id."""


class MemberDeactivated(RoomsError):
    """Raised when what was asked needs a member who is active."""


class MemberExists(RoomsError):
    """Raised when somebody would be invited who is a member, or a deactivated one, already."""


class LastOwner(RoomsError):
    """Raised when the organisation would be left without an owner."""


class InvitationUnknown(RoomsError):
    """Raised when no invitation of the organisation has this id."""


class InvitationPending(RoomsError):
    """Raised when somebody would be invited who has an open invitation."""


class InvitationOver(RoomsError):
    """Raised when an invitation was accepted or revoked, so that it can neither be renewed nor revoked."""


class InvitationInvalid(RoomsError):
    """Raised when the link of an invitation was used already, was replaced or revoked, has expired or never existed."""


class KeyUnknown(RoomsError):
    """Raised when no key of the organisation has this id."""


class CursorInvalid(RoomsError):
    """Raised when a page is asked for after a place that no page has named."""


class ExternalRefTaken(RoomsError):
    """Raised when the external_ref is that of an interview which the one who asks may not see."""


class IdempotencyKeyReused(RoomsError):
    """Raised when an Idempotency-Key comes back with another body."""


class SignInLinkInvalid(RoomsError):
    """Raised when a sign-in link was used already, has expired or never existed."""


class TicketInvalid(RoomsError):
    """Raised when a ticket is missing, wrong, expired or revoked."""


class DocumentUnknown(RoomsError):
    """Raised when this ticket opens no such document."""


class ParticipantUnknown(RoomsError):
    """Raised when nobody in this interview has this id."""


class DeviceUnknown(RoomsError):
    """Raised when this participant never came with such a device."""


class CandidateProtected(RoomsError):
    """Raised when an interviewer would mute, remove or change the candidate, who keeps voice and seat."""


class RoleForMembersOnly(RoomsError):
    """Raised when somebody who is no member would become an interviewer or observer."""


class OneselfModerated(RoomsError):
    """Raised when an interviewer would mute, remove or change himself, or a member deactivate himself."""


class RoleFixed(RoomsError):
    """Raised when an interviewer has set another role for the member than the one that is asked for."""


class Removed(RoomsError):
    """Raised when an interviewer has removed this member or device from the room."""

    def __init__(self, reason: str, by: Mapping[str, str] | None) -> None:
        who = "An interviewer" if by is None else by["name"]
        super().__init__(f"{who} removed you from this room{f': {reason}' if reason else '.'}")


class Muted(RoomsError):
    """Raised when an interviewer has muted the one who would write."""

    def __init__(self, reason: str) -> None:
        why = f": {reason.removesuffix('.')}" if reason else ""
        super().__init__(f"An interviewer muted you{why}. You can read, but not write.")


class NotInside(RoomsError):
    """Raised when only somebody who has been let in may do what was asked."""


class SessionUnknown(RoomsError):
    """Raised when the member has no such session, or it has ended."""


class PasswordWeak(RoomsError):
    """Raised when a new password is one that can be guessed, or too long."""


class PasswordWrong(RoomsError):
    """Raised when e-mail address and password are not those of a member who may sign in; it never says why."""


class CurrentPasswordWrong(RoomsError):
    """Raised when a member would change his password and does not know it."""


class SsoRequired(RoomsError):
    """Raised when a password is used where the organisation's provider has to be."""


class LoginExpired(RoomsError):
    """Raised when somebody comes back from a provider whom this browser did not send there, or too late, or again."""


class IdentityRefused(RoomsError):
    """Raised when a provider has said who somebody is, and that is nobody who may sign in by it."""


class ProviderUnknown(RoomsError):
    """Raised when the organisation has not set up this way of signing in."""


class ProviderSilent(RoomsError):
    """Raised when a provider does not answer, or not as OpenID Connect has it."""


class TooBusy(RoomsError):
    """Raised when too many ask for what takes long."""
