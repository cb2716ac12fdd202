import type { Role } from "./api";
import { People } from "./people";
import type { Participant, SeatState, Snapshot } from "./room_events";

/** For tests: somebody whose name is his id. */
export function person(id: string, role: Role, state: SeatState | null, number: number, more = {}): Participant {
  return {
    id,
    name: id,
    role,
    color: "#1e6be6",
    connected: state !== "waiting",
    muted: false,
    muted_reason: null,
    removed: false,
    devices: [],
    state,
    number,
    ...more,
  };
}

export function room(participants: Participant[], more: Partial<Snapshot> = {}, people = new People()): People {
  const snapshot: Snapshot = {
    entry: 0,
    status: "active",
    you: null,
    admission: null,
    opened: false,
    lobby: false,
    instructions: "",
    meeting_url: null,
    reopen_until_ms: null,
    now_ms: 0,
    is_saving: true,
    damaged: [],
    participants,
    chat: [],
    ...more,
  };
  people.accept({ kind: "snapshot", snapshot });
  return people;
}
