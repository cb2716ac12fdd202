import { call } from "./api";

/** The interviews' part of the server's interface, as the dashboard uses it. */
export type Stage = "pending" | "active" | "finished";

/** Who is planned to interview: only members can. */
export interface Assigned {
  email: string;
  /** Empty where nobody has said it. */
  name: string;
  state: "member" | "pending" | "expired" | "unknown" | "deactivated";
}

export type Place = "title" | "candidate" | "email" | "interviewer";

export interface InterviewItem {
  id: string;
  url: string;
  title: string;
  status: Stage;
  candidate: { name: string | null; email: string | null };
  assigned: Assigned[];
  series: { id: string; block: number; blocks: number } | null;
  scheduled_at: string | null;
  time_zone: string | null;
  created_at: string;
  /** Only in lists: where a word of the search is. */
  found_in?: Place[];
}

export type Counts = Record<Stage, number>;

interface InterviewPage {
  items: InterviewItem[];
  /** Of all that the search finds, in every stage. */
  counts: Counts;
  next_cursor: string | null;
}

/** What is not said is as the organisation has it. Times are local to `time_zone`. */
export interface Plan {
  title?: string;
  candidate?: { name?: string; email?: string };
  scheduled_at?: string;
  time_zone?: string;
  interviewers?: string[];
  language?: string;
  lobby?: boolean;
  meeting_url?: string;
  instructions?: string;
}

/** What blocks of one candidate differ in. */
export type Block = Pick<Plan, "scheduled_at" | "interviewers">;

export interface Cancelled {
  id: string;
  ok: boolean;
  problem: { title: string; detail: string } | null;
}

const INTERVIEWS = "/api/v1/interviews";
const PATIENCE_MS = 15_000;

/** To be sent with every attempt at the same creation: an answer that was lost makes no second interview. */
export function newAttempt(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");
}

export function listInterviews(query: Record<string, string>): Promise<InterviewPage> {
  return call("GET", `${INTERVIEWS}?${new URLSearchParams(query).toString()}`, undefined, PATIENCE_MS);
}

export function createInterview(plan: Plan, attempt: string): Promise<InterviewItem> {
  return call("POST", INTERVIEWS, plan, PATIENCE_MS, { "Idempotency-Key": attempt });
}

/** One after the other, for one candidate. */
export async function createBlocks(plan: Plan, blocks: Block[], attempt: string): Promise<InterviewItem[]> {
  const path = `${INTERVIEWS}/blocks`;
  const made = call<{ items: InterviewItem[] }>("POST", path, { ...plan, blocks }, PATIENCE_MS, { "Idempotency-Key": attempt });
  return (await made).items;
}

export function duplicate(id: string): Promise<InterviewItem> {
  return call("POST", `${INTERVIEWS}/${id}/duplicate`, {}, PATIENCE_MS);
}

export type Change = { title: string } | { scheduled_at: string | null; time_zone: string } | { interviewers: string[] };

export function change(id: string, change: Change): Promise<InterviewItem> {
  return call("PATCH", `${INTERVIEWS}/${id}`, change, PATIENCE_MS);
}

/** Each by itself: one that cannot be cancelled keeps no other from it. */
export async function cancel(ids: string[]): Promise<Cancelled[]> {
  return (await call<{ items: Cancelled[] }>("POST", `${INTERVIEWS}/cancel`, { ids }, PATIENCE_MS)).items;
}

/** Begins afresh each time. */
export function practise(): Promise<InterviewItem> {
  return call("POST", "/api/v1/practice", {}, PATIENCE_MS);
}

export async function membersNamed(words: string): Promise<{ email: string; name: string }[]> {
  const query = new URLSearchParams({ q: words, limit: "20" }).toString();
  return (await call<{ items: { email: string; name: string }[] }>("GET", `/api/v1/members?${query}`)).items;
}
