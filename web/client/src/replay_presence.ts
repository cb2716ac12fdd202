import type { RecordedEvent } from "./recording";

/** How somebody was in the room at a moment. */
export interface Standing {
  isConnected: boolean;
  /** Has a seat, or had no need to ask for one. */
  isAdmitted: boolean;
  role: string;
  isMuted: boolean;
}

/** Who was in the room, moved along with time: backward from the beginning, forward from where it is. */
export class Presence {
  private readonly standings = new Map<string, Standing>();
  private next = 0;
  private at_ms = 0;

  of(id: string): Standing | undefined {
    return this.standings.get(id);
  }

  isThere(id: string): boolean {
    const standing = this.standings.get(id);
    return standing !== undefined && standing.isConnected && standing.isAdmitted;
  }

  moveTo(at_ms: number, events: readonly RecordedEvent[]): void {
    if (at_ms < this.at_ms && (events[this.next - 1]?.at_ms ?? 0) > at_ms) {
      this.standings.clear();
      this.next = 0;
    }
    this.at_ms = at_ms;
    for (let event = events[this.next]; event !== undefined && event.at_ms <= at_ms; event = events[this.next]) {
      this.take(event);
      this.next += 1;
    }
  }

  private take({ kind, payload }: RecordedEvent): void {
    const id = String(payload["id"]);
    const standing = this.standings.get(id);
    switch (kind) {
      case "participant.joined": {
        const { id: own, role, muted } = (payload["participant"] ?? {}) as Record<string, unknown>;
        this.standings.set(String(own), { isConnected: false, isAdmitted: true, role: String(role), isMuted: muted === true });
        break;
      }
      case "participant.entered":
      case "participant.connected":
        if (standing !== undefined) standing.isConnected = true;
        break;
      case "participant.disconnected":
      case "participant.left":
        if (standing !== undefined) standing.isConnected = false;
        break;
      case "participant.removed":
        if (standing !== undefined && (payload["device"] ?? null) === null) standing.isConnected = false;
        break;
      case "admission.changed":
        if (standing !== undefined) standing.isAdmitted = ["seated", "observing"].includes(String(payload["state"]));
        break;
      case "participant.changed":
        if (standing !== undefined) {
          standing.role = String(payload["role"]);
          standing.isMuted = payload["muted"] === true;
        }
        break;
      case "interview.finished":
        for (const each of this.standings.values()) each.isConnected = false;
        break;
    }
  }
}
