/** One text operation: at a UTF-16 position of a root, `deleted` makes way for `inserted`. */
export interface Operation {
  entry: number;
  at_ms: number;
  /** Index into participants; -1 when nobody known made it. */
  who: number;
  root: number;
  position: number;
  deleted: string;
  inserted: string;
}

export interface RecordedParticipant {
  id: string;
  name: string;
  role: string;
  color: string;
}

export interface RecordedEvent {
  entry: number;
  at_ms: number;
  kind: string;
  payload: Record<string, unknown>;
}

/** A recording file of version 1, one document. Times are milliseconds since `started_at`. */
export interface Recording {
  interview: string;
  document: string;
  sealed: boolean;
  started_at: number | null;
  duration_ms: number;
  participants: RecordedParticipant[];
  /** As they are at the end. */
  files: Map<string, { name: string; language: string }>;
  roots: string[];
  operations: Operation[];
  events: RecordedEvent[];
}

/** Raised when a file is not a recording that this player can show. */
export class RecordingInvalid extends Error {}

const FORMAT = "panelroom-recording";
const VERSION = 1;

/** Checks everything that the player relies on. Raises RecordingInvalid with the place that is wrong. */
export function readRecording(file: unknown): Recording {
  const source = object(file, "the file");
  if (source["format"] !== FORMAT) throw new RecordingInvalid("This is not a Panelroom recording.");
  if (source["version"] !== VERSION) {
    throw new RecordingInvalid(
      `This recording has version ${String(source["version"])}, this page reads ${VERSION}. Reload the page.`,
    );
  }
  const participants = array(source["participants"], "participants").map(readParticipant);
  const roots = array(source["roots"], "roots").map((root, at) => text(root, `roots[${at}]`));
  const rows = array(source["operations"], "operations");
  const operations = rows.map((row, at) => readOperation(row, at, participants.length, roots.length));
  const events = array(source["events"], "events").map(readEvent);
  checkOrder(operations, "operations");
  checkOrder(events, "events");
  return {
    interview: text(source["interview"], "interview"),
    document: text(source["document"], "document"),
    sealed: source["sealed"] === true,
    started_at: readTime(source["started_at"]),
    duration_ms: count(source["duration_ms"], "duration_ms"),
    participants,
    files: readFiles(source["files"]),
    roots,
    operations,
    events,
  };
}

function readParticipant(value: unknown, at: number): RecordedParticipant {
  const place = `participants[${at}]`;
  const { id, name, role, color } = object(value, place) as Record<keyof RecordedParticipant, unknown>;
  return { id: text(id, place), name: text(name, place), role: text(role, place), color: text(color, place) };
}

function readOperation(value: unknown, at: number, participants: number, roots: number): Operation {
  const place = `operations[${at}]`;
  const row = array(value, place);
  if (row.length !== 7) fail(place);
  const [entry, at_ms, who, root, position, deleted, inserted] = row;
  const operation: Operation = {
    entry: count(entry, place),
    at_ms: count(at_ms, place),
    who: who === -1 ? -1 : count(who, place),
    root: count(root, place),
    position: count(position, place),
    deleted: text(deleted, place),
    inserted: text(inserted, place),
  };
  if (operation.who >= participants || operation.root >= roots) fail(place);
  return operation;
}

function readEvent(value: unknown, at: number): RecordedEvent {
  const place = `events[${at}]`;
  const row = array(value, place);
  if (row.length !== 4) fail(place);
  const [entry, at_ms, kind, payload] = row;
  return {
    entry: count(entry, place),
    at_ms: count(at_ms, place),
    kind: text(kind, place),
    payload: object(payload, place),
  };
}

/** Entries that a client has filled with something else are as good as none. */
function readFiles(value: unknown): Recording["files"] {
  const files: Recording["files"] = new Map();
  for (const [id, each] of Object.entries(object(value, "files"))) {
    const { name, language } = (each ?? {}) as { name?: unknown; language?: unknown };
    if (typeof name === "string" && typeof language === "string") files.set(id, { name, language });
  }
  return files;
}

function readTime(value: unknown): number | null {
  if (value === null) return null;
  const time = Date.parse(text(value, "started_at"));
  return Number.isNaN(time) ? fail("started_at") : time;
}

function checkOrder(rows: { entry: number; at_ms: number }[], place: string): void {
  let last = { entry: 0, at_ms: 0 };
  rows.forEach((row, at) => {
    if (row.entry < last.entry || row.at_ms < last.at_ms) fail(`${place}[${at}], which is out of order`);
    last = row;
  });
}

function object(value: unknown, place: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) fail(place);
  return value as Record<string, unknown>;
}

function array(value: unknown, place: string): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : fail(place);
}

function text(value: unknown, place: string): string {
  return typeof value === "string" ? value : fail(place);
}

function count(value: unknown, place: string): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : fail(place);
}

function fail(place: string): never {
  throw new RecordingInvalid(`The recording is damaged at ${place}.`);
}
