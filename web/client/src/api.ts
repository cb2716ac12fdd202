/**
 * A refusal by the server, in its own words (RFC 9457). `status` is 0 when the server could not be reached; `kind` is
 * the last part of the problem's type.
 */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly kind = "",
  ) {
    super(message);
  }

  /** Nothing is decided: the server was not reached, is busy or cannot write, and may answer in a moment. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Who comes in and goes out does not wait longer for an answer. */
const PATIENCE_MS = 10_000;

export type Role = "candidate" | "guest" | "interviewer" | "observer";

export interface Admission {
  state: "seated" | "observing" | "waiting" | "refused";
  place?: number | null;
  reason?: string | null;
}

/** What interviewers change of an interview from inside its room. */
export interface Details {
  title: string;
  instructions: string;
  meeting_url: string | null;
}

/** What may have changed since a lobby was opened. */
export interface Lobby {
  status: "pending" | "active" | "finished";
  candidate: string | null;
}

export type Audience = "all" | "interviewers";

/** A message as its author sends it, maybe several times. */
export interface Said {
  text: string;
  to: Audience;
  key: string;
}

export interface JoinRequest {
  as: Role;
  name?: string;
  resume?: string;
}

export interface Joined {
  participant_id: string;
  role: Role;
  admission: Admission;
  documents: { id: string; url: string; may_write: boolean }[];
  events_url: string;
  ticket: string;
  expires_at: string;
}

const interviews = "/api/v1/interviews";

export async function signOut(): Promise<void> {
  await request("POST", "/sign-out", undefined, PATIENCE_MS);
}

export function join(interview: string, request: JoinRequest, timeout_ms = PATIENCE_MS): Promise<Joined> {
  return call<Joined>("POST", `${interviews}/${interview}/join`, request, timeout_ms);
}

export async function leave(interview: string, ticket: string, done: boolean): Promise<void> {
  await call("POST", `${interviews}/${interview}/leave`, done ? { ticket, done } : { ticket }, PATIENCE_MS);
}

export async function finish(interview: string): Promise<void> {
  await call("POST", `${interviews}/${interview}/finish`, {});
}

export async function reopen(interview: string): Promise<void> {
  await call("POST", `${interviews}/${interview}/reopen`, {});
}

/** Lets candidate and guests in. */
export async function admit(interview: string): Promise<void> {
  await call("POST", `${interviews}/${interview}/admit`, {});
}

/** What is not named stays as it is. */
export async function changeDetails(interview: string, change: Partial<Details & { lobby: boolean }>): Promise<void> {
  await call("PATCH", `${interviews}/${interview}`, change);
}

export async function changeParticipant(
  interview: string,
  participant: string,
  change: { role?: Role; muted?: boolean; reason?: string },
): Promise<void> {
  await call("PATCH", `${interviews}/${interview}/participants/${participant}`, change);
}

/** Without `device`: with all of them. */
export async function removeParticipant(
  interview: string,
  participant: string,
  removal: { device?: string; reason?: string },
): Promise<void> {
  await call("POST", `${interviews}/${interview}/participants/${participant}/remove`, removal);
}

/** Undoes a removal: of a device, or of somebody altogether. */
export async function readmit(interview: string, participant: string, device: string | null): Promise<void> {
  const path = `${interviews}/${interview}/participants/${participant}/readmit`;
  await call("POST", path, device === null ? {} : { device });
}

/** The number of the message's event; with the same key it is said once, however often it is sent. */
export async function say(interview: string, ticket: string, message: Said): Promise<number> {
  const body = { ticket, ...message };
  return (await call<{ entry: number }>("POST", `${interviews}/${interview}/chat`, body, PATIENCE_MS)).entry;
}

export function recentLobby(interview: string): Promise<Lobby> {
  return call<Lobby>("GET", `/i/${interview}/lobby`);
}

/** What the replay's page would be told if it were loaded now. */
export async function replayPage(interview: string): Promise<unknown> {
  const text = await (await request("GET", `/i/${interview}/replay`)).text();
  const page = new DOMParser().parseFromString(text, "text/html").getElementById("page");
  return JSON.parse(page?.textContent ?? "{}");
}

/** The file itself, to be read as it comes; with `after`, only what came after that entry. */
export function recordingFile(interview: string, document: string, after?: number): Promise<Response> {
  const query = new URLSearchParams(after === undefined ? { document } : { document, after: String(after) });
  return request("GET", `${interviews}/${interview}/recording/file?${query.toString()}`);
}

/** Raises Problem. */
export async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  timeout_ms?: number,
  headers?: Record<string, string>,
): Promise<T> {
  const response = await request(method, path, body, timeout_ms, headers);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** A response that is no refusal. Raises Problem. */
async function request(
  method: string,
  path: string,
  body?: unknown,
  timeout_ms?: number,
  headers: Record<string, string> = {},
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      signal: timeout_ms === undefined ? null : AbortSignal.timeout(timeout_ms),
      headers: body === undefined ? headers : { ...headers, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Problem(0, "The server cannot be reached. Check your connection and try again.");
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const { detail, title, type } = (await response.json()) as { detail?: string; title?: string; type?: string };
    return new Problem(response.status, detail ?? title ?? response.statusText, type?.split(":").pop());
  } catch {
    return new Problem(response.status, `The server answered ${response.status}. Try again in a moment.`);
  }
}
