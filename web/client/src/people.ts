import type { Role } from "./api";
import type { Device, Message, Participant, Removal, RoomEvent, Snapshot } from "./room_events";

const ROLE_ORDER: Role[] = ["candidate", "interviewer", "guest", "observer"];

/** Who is in the room and what has been said in it: its events, summed up. */
export class People {
  status: Snapshot["status"] = "pending";
  /** Whether candidate and guests wait until an interviewer lets them in. */
  closed = false;
  /** The server has told of the room. */
  isTold = false;
  private lobby = false;
  /** For interviewers: the last one removed is the last. */
  removed: Removal[] = [];
  messages: Message[] = [];
  /** The last entry of which something is known. */
  latest = 0;
  private readonly all = new Map<string, Participant>();

  accept(event: RoomEvent): void {
    this.latest = Math.max(this.latest, (event.kind === "snapshot" ? event.snapshot : event).entry ?? 0);
    switch (event.kind) {
      case "snapshot":
        this.restore(event.snapshot);
        break;
      case "participant.joined":
        this.all.set(event.participant.id, { ...NOBODY, ...this.all.get(event.participant.id), ...event.participant });
        break;
      case "participant.connected":
        this.change(event.id, { connected: true, devices: inOrder(event.devices) });
        break;
      case "participant.disconnected":
        this.change(event.id, { connected: false, devices: inOrder(event.devices) });
        break;
      case "participant.devices":
        this.change(event.id, { devices: inOrder(event.devices) });
        break;
      case "participant.changed":
        this.change(event.id, {
          role: event.role,
          muted: event.muted,
          muted_reason: event.muted ? event.reason : null,
        });
        break;
      case "participant.removed":
        this.addRemoval(event);
        if (event.device === null) this.change(event.id, { removed: true, connected: false, state: null, devices: [] });
        break;
      case "participant.readmitted":
        this.removed = this.removed.filter(
          ({ id, device }) => id !== event.id || (event.device !== null && device !== event.device),
        );
        if (event.device === null) this.change(event.id, { removed: false });
        break;
      case "admission.changed":
        this.change(event.id, { state: event.state, number: event.number });
        break;
      case "interview.active":
      case "interview.reopened":
        this.status = "active";
        break;
      case "interview.finished":
        this.status = "finished";
        break;
      case "interview.opened":
        this.closed = false;
        break;
      case "interview.changed":
        this.lobby = event.lobby;
        this.closed = event.lobby && !event.opened;
        break;
      case "chat":
        if (!this.messages.some(({ entry }) => entry === event.entry)) this.messages.push(event);
        break;
      default:
    }
  }

  get(id: string): Participant | undefined {
    return this.all.get(id);
  }

  /** Those who are or were in the room: by role, then by name. */
  get inside(): Participant[] {
    const order = ({ role }: Participant): number => ROLE_ORDER.indexOf(role);
    return [...this.all.values()]
      .filter(({ removed, state }) => !removed && state !== "waiting" && state !== "refused")
      .sort((a, b) => order(a) - order(b) || a.name.localeCompare(b.name));
  }

  get here(): Participant[] {
    return this.inside.filter(({ connected }) => connected);
  }

  /** Who waits outside, in order. */
  get line(): Participant[] {
    return [...this.all.values()].filter(({ removed, state }) => !removed && state === "waiting").sort(byNumber);
  }

  /** Null: somebody has let them in, or the interview runs, and nothing shuts the room again. */
  get lobbySwitch(): boolean | null {
    return this.status === "pending" && (this.closed || !this.lobby) ? this.lobby : null;
  }

  /** Who is next for a seat of his role: from 1. Null for who has one, or waits for none. */
  place(id: string): number | null {
    const person = this.all.get(id);
    if (person === undefined || !isQueued(person)) return null;
    const queue = [...this.all.values()].filter((each) => each.role === person.role && isQueued(each)).sort(byNumber);
    return queue.indexOf(person) + 1;
  }

  private restore(snapshot: Snapshot): void {
    this.isTold = true;
    this.status = snapshot.status;
    this.lobby = snapshot.lobby;
    this.closed = snapshot.lobby && !snapshot.opened;
    this.removed = [...(snapshot.removed ?? [])];
    this.messages = snapshot.chat;
    const people = snapshot.participants.map((person) => ({ ...NOBODY, ...person, devices: inOrder(person.devices) }));
    // The finish closes every connection: who was here then is who was last seen here.
    if (snapshot.status === "finished") {
      for (const person of people) person.connected = this.all.get(person.id)?.connected ?? true;
    }
    this.all.clear();
    for (const person of people) this.all.set(person.id, person);
  }

  private addRemoval({ id, device, reason, by }: Extract<RoomEvent, { kind: "participant.removed" }>): void {
    const person = this.all.get(id);
    if (person === undefined) return;
    const browser = person.devices.find((each) => each.id === device)?.browser ?? "";
    this.removed.push({ id, device, browser, name: person.name, reason, by });
  }

  private change(id: string, change: Partial<Participant>): void {
    const person = this.all.get(id);
    if (person !== undefined) Object.assign(person, change);
  }
}

const NOBODY: Omit<Participant, "id" | "name" | "role" | "color"> = {
  connected: false,
  muted: false,
  muted_reason: null,
  removed: false,
  devices: [],
  state: null,
  number: null,
};

/** As they came. */
function inOrder(devices: Device[] | undefined): Device[] {
  return [...(devices ?? [])].sort((a, b) => a.since_ms - b.since_ms);
}

/** An observing interviewer is one over the limit; observers only ever observe. */
function isQueued({ role, state, removed }: Participant): boolean {
  return !removed && (state === "waiting" || (state === "observing" && role === "interviewer"));
}

function byNumber(a: Participant, b: Participant): number {
  return (a.number ?? 0) - (b.number ?? 0);
}
