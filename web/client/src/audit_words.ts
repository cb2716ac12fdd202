export interface Noted {
  id: string;
  at: string;
  actor: { kind: string; id: string; name: string };
  action: string;
  subject: { kind: string; id: string; name: string };
  detail: Record<string, unknown>;
  address: string;
}

/** As `rooms/audit.py` names them; whose name comes last in the sentence. */
export const ACTIONS: Record<string, string> = {
  "organisation.made": "Made the organisation",
  "organisation.changed": "Changed the settings of",
  "provider.set": "Set how people sign in:",
  "provider.removed": "Took away how people sign in:",
  "member.added": "Added",
  "member.invited": "Invited",
  "member.changed": "Changed the member",
  "member.deactivated": "Deactivated",
  "member.reactivated": "Reactivated",
  "member.linked": "Made a sign-in link for",
  "member.identified": "Bound a log-in to",
  "password.set": "Set the password of",
  "invitation.renewed": "Made a new link for the invitation of",
  "invitation.revoked": "Revoked the invitation of",
  "invitation.accepted": "Accepted the invitation of",
  "session.begun": "Signed in as",
  "session.ended": "Ended a session of",
  "key.made": "Made the key",
  "key.revoked": "Revoked the key",
  "interview.created": "Created the interview",
  "interview.changed": "Changed the interview",
  "interview.opened": "Let the candidate in to",
  "interview.begun": "Began the interview",
  "interview.finished": "Finished the interview",
  "interview.reopened": "Reopened the interview",
  "interview.cancelled": "Cancelled the interview",
  "participant.changed": "Changed the participant",
  "participant.removed": "Removed the participant",
  "participant.readmitted": "Let back in the participant",
};

/** One that a newer server has is shown by its name. */
export function actionWords(action: string): string {
  return ACTIONS[action] ?? action;
}

/** What changed from what to what, a line each; what there is to say of what is new. */
export function detailWords({ action, detail }: Noted): string[] {
  const isChange = action.endsWith(".changed");
  return Object.entries(detail).map(([name, value]) => {
    const called = name.replaceAll("_", " ");
    if (isChange && Array.isArray(value) && value.length === 2) return `${called}: ${plain(value[0])} → ${plain(value[1])}`;
    return `${called}: ${plain(value)}`;
  });
}

function plain(value: unknown): string {
  if (value === null || value === undefined || value === "") return "none";
  if (value === true) return "yes";
  if (value === false) return "no";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(plain).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
