import type { Joined, JoinRequest } from "./api";
import type { Leftover } from "./leftover";
import { dropPage } from "./offline_page";

/** How this browser came into a room, so that a reload comes back without the form, and without the server too. */
export interface Stay {
  request: JoinRequest;
  joined: Joined;
  /** Of this member: it ends when he signs out. Null: of a visitor. */
  member: string | null;
}

/** What nobody has come back to. */
const OLD_MS = 7 * 24 * 3_600_000;
const PREFIX = "panelroom.stay.";
const CHANNEL = "panelroom.member";

export function recall(interview: string): Stay | null {
  try {
    const stay = JSON.parse(localStorage.getItem(PREFIX + interview) ?? "null") as Partial<Stay> | null;
    return stay?.joined === undefined ? null : (stay as Stay);
  } catch {
    return null;
  }
}

let isRemembered = true;

/** Whether a reload comes back as the same participant. */
export function returns(): boolean {
  return isRemembered;
}

/** Storage can be closed to the page; then a reload shows the form again. */
export function remember(interview: string, stay: Stay): void {
  try {
    localStorage.setItem(PREFIX + interview, JSON.stringify({ ...stay, at_ms: Date.now() }));
    isRemembered = true;
  } catch {
    isRemembered = false;
  }
}

/** A reload shows the form again. What was typed stays, for the same participant alone. */
export function forgetTicket(interview: string): void {
  try {
    localStorage.removeItem(PREFIX + interview);
  } catch {
    return;
  }
}

/** Nothing of it stays in this browser. */
export async function forget(interview: string): Promise<void> {
  const stay = recall(interview);
  forgetTicket(interview);
  await dropPage(interview);
  if (stay === null) return;
  const { clearDrafts } = await import("./leftover");
  await clearDrafts(interview, stay.joined.participant_id);
}

/** A computer may be shared: whoever has signed out leaves nothing of the rooms he was in, also of those still open. */
export async function forgetMember(): Promise<void> {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage("signed out");
  channel.close();
  await Promise.all(stays(({ member }) => member !== null).map(forget));
}

/** Somebody else is signed in now: what the one before had not sent was his alone. */
export async function forgetOthers(own: string): Promise<void> {
  await Promise.all(stays(({ member }) => member !== null && member !== own).map(forget));
}

/** In another window of this browser. */
export function onSignedOut(call: () => void, signal: AbortSignal): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.addEventListener("message", call);
  signal.addEventListener("abort", () => {
    channel.close();
  });
}

/** What a member would lose by signing out. */
export async function memberLeftovers(): Promise<Leftover[]> {
  const { peekLeftovers } = await import("./leftover");
  const rooms = stays(({ member }) => member !== null).map((id) => [id, recall(id)?.joined.participant_id ?? ""] as const);
  return (await Promise.all(rooms.map(([id, participant]) => peekLeftovers(id, participant)))).flat();
}

export async function sweep(): Promise<void> {
  await Promise.all(stays(({ at_ms }) => Date.now() - at_ms > OLD_MS).map(forget));
}

function stays(isWanted: (stay: Stay & { at_ms: number }) => boolean): string[] {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX))
      .filter((key) => isWanted(JSON.parse(localStorage.getItem(key) ?? "{}") as Stay & { at_ms: number }))
      .map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}
