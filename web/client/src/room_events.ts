import type { Role } from "./api";

export interface Participant {
  id: string;
  name: string;
  role: Role;
  color: string;
  connected: boolean;
}

export interface Snapshot {
  status: "pending" | "active" | "finished";
  participants: Participant[];
}

export type RoomEvent =
  | { kind: "snapshot"; snapshot: Snapshot }
  | { kind: "participant.joined"; participant: Omit<Participant, "connected"> }
  | { kind: "participant.connected" | "participant.disconnected" | "participant.entered"; id: string }
  | { kind: "interview.active" | "interview.cancelled" }
  | { kind: "interview.finished" | "interview.reopened"; by: { name: string } }
  | { kind: "admission.changed" };

const KINDS = [
  "snapshot",
  "participant.joined",
  "participant.connected",
  "participant.disconnected",
  "participant.entered",
  "interview.active",
  "interview.finished",
  "interview.reopened",
  "interview.cancelled",
  "admission.changed",
] as const;

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

/** The room's events, for as long as it is open. The browser reconnects by itself; after a refusal, this does. */
export class RoomEvents {
  private source: EventSource | null = null;
  private timer = 0;
  private retry = FIRST_RETRY_MS;

  constructor(private readonly onEvent: (event: RoomEvent) => void) {}

  open(url: string): void {
    this.close();
    const source = new EventSource(url);
    this.source = source;
    for (const kind of KINDS) {
      source.addEventListener(kind, (message: MessageEvent<string>) => {
        this.retry = FIRST_RETRY_MS;
        this.onEvent(parse(kind, message.data));
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

function parse(kind: (typeof KINDS)[number], data: string): RoomEvent {
  const payload = JSON.parse(data) as Record<string, unknown>;
  return (kind === "snapshot" ? { kind, snapshot: payload } : { ...payload, kind }) as RoomEvent;
}
