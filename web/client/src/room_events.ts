import type { Audience, Details, Role } from "./api";

/** "none": a seat or a place in the line was given up. */
export type SeatState = "seated" | "observing" | "waiting" | "refused" | "none";

/** One browser of somebody. */
export interface Device {
  id: string;
  /** "Firefox on Android"; empty: unknown. */
  browser: string;
  /** When it first came into this interview, by the server's clock. */
  since_ms: number;
}

export interface Participant {
  id: string;
  name: string;
  role: Role;
  color: string;
  connected: boolean;
  muted: boolean;
  /** Told to interviewers and to the one concerned. */
  muted_reason: string | null;
  removed: boolean;
  /** Those that are here or wait now; told to interviewers only. */
  devices: Device[];
  state: SeatState | null;
  /** The order of asking. */
  number: number | null;
}

/** Of one participant: his seat, or his place in the line for one. */
export interface Standing {
  id: string;
  state: SeatState;
  place: number | null;
  reason: string | null;
  number: number | null;
}

type Named = Pick<Participant, "id" | "name" | "role" | "color" | "muted">;

export interface By {
  id: string;
  name: string;
}

export interface Message {
  entry: number;
  at_ms: number;
  from: By;
  text: string;
  to: Audience;
  key?: string;
}

/** Who was removed, or which device of the candidate, and has not been let back in. */
export interface Removal {
  id: string;
  device: string | null;
  browser: string;
  name: string;
  reason: string | null;
  /** Null: it is not known any more. */
  by: By | null;
}

export interface Snapshot extends Omit<Details, "title"> {
  /** The last one that is in it. */
  entry: number;
  status: "pending" | "active" | "finished";
  you: string | null;
  /** One's own. */
  admission: Standing | null;
  opened: boolean;
  lobby: boolean;
  reopen_until_ms: number | null;
  /** The server's clock. */
  now_ms: number;
  /** Whether the server saves what is typed; false concerns everybody in every room. */
  is_saving: boolean;
  /** Documents of which the server cannot read all: nobody can write in them. */
  damaged: string[];
  participants: Participant[];
  /** For interviewers. */
  removed?: Removal[];
  chat: Message[];
}

/** Those that are on record have an entry. */
export type RoomEvent = { entry?: number } & (
  | { kind: "snapshot"; snapshot: Snapshot }
  | { kind: "participant.joined"; participant: Named }
  | { kind: "participant.entered"; id: string }
  | { kind: "participant.left"; id: string; done: boolean }
  | {
      kind: "participant.connected" | "participant.disconnected" | "participant.devices";
      id: string;
      devices?: Device[];
    }
  | { kind: "participant.changed"; id: string; role: Role; muted: boolean; reason: string | null; by: By }
  | { kind: "participant.removed"; id: string; device: string | null; reason: string | null; by: By }
  | { kind: "participant.readmitted"; id: string; device: string | null; by: By }
  | ({ kind: "admission.changed" } & Standing)
  | ({ kind: "interview.changed"; lobby: boolean; opened: boolean } & Details)
  | { kind: "interview.active" | "interview.cancelled" }
  | { kind: "interview.opened" | "interview.finished" | "interview.reopened"; by: By }
  | ({ kind: "chat" } & Message)
  | { kind: "saving.changed"; is_saving: boolean }
  | { kind: "document.damaged"; document: string }
);

const KINDS: readonly RoomEvent["kind"][] = [
  "snapshot",
  "participant.joined",
  "participant.connected",
  "participant.disconnected",
  "participant.entered",
  "participant.left",
  "participant.devices",
  "participant.changed",
  "participant.removed",
  "participant.readmitted",
  "admission.changed",
  "interview.changed",
  "interview.active",
  "interview.opened",
  "interview.finished",
  "interview.reopened",
  "interview.cancelled",
  "chat",
  "saving.changed",
  "document.damaged",
];

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

/** The room's events, for as long as it is open. The browser reconnects by itself; after a refusal, this does. */
export class RoomEvents {
  private source: EventSource | null = null;
  private timer = 0;
  private retry = FIRST_RETRY_MS;
  private last = "";

  constructor(private readonly onEvent: (event: RoomEvent) => void) {}

  /** What came between two streams is told too: a decision about oneself closes the first. */
  open(url: string): void {
    this.close();
    const source = new EventSource(this.last === "" ? url : `${url}&after=${this.last}`);
    this.source = source;
    for (const kind of KINDS) {
      source.addEventListener(kind, (message: MessageEvent<string>) => {
        this.retry = FIRST_RETRY_MS;
        const event = parse(kind, message.data);
        if (message.lastEventId !== "") this.last = message.lastEventId;
        else if (event.kind === "snapshot" && this.last === "") this.last = String(event.snapshot.entry);
        this.onEvent(event);
      });
    }
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      this.timer = window.setTimeout(() => {
        this.open(url);
      }, this.retry);
      this.retry = Math.min(LAST_RETRY_MS, this.retry * 2);
    };
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }
}

function parse(kind: RoomEvent["kind"], data: string): RoomEvent {
  const payload = JSON.parse(data) as Record<string, unknown>;
  return (kind === "snapshot" ? { kind, snapshot: payload } : { ...payload, kind }) as RoomEvent;
}
