import { INSERTED } from "./happening";
import { isolated } from "./isolated";
import { ROLE_NAMES, shortened } from "./person";
import type { RecordedEvent, RecordedParticipant } from "./recording";

/** Hours only where there are any: 1:02:03, 12:34. */
export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${hours > 0 ? two(Math.floor(seconds / 60) % 60) : String(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** The same to be read aloud: 1 hour 2 minutes 3 seconds. */
export function spokenClock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), "hour"],
    [Math.floor(seconds / 60) % 60, "minute"],
    [seconds % 60, "second"],
  ];
  const some = parts.filter(([count]) => count > 0);
  const told = some.length === 0 ? parts.slice(2) : some;
  return told.map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`).join(" ");
}

/** A room event in words; a kind this page does not know is shown by its name. */
export function eventWords({ kind, payload }: RecordedEvent, participants: readonly RecordedParticipant[]): string {
  const joined = payload["participant"] as RecordedParticipant | undefined;
  const by = nameOf(payload["by"]);
  const name = participants.find(({ id }) => id === payload["id"])?.name ?? "Somebody";
  const whole = payload["device"] === null || payload["device"] === undefined;
  switch (kind) {
    case "participant.joined": {
      const role = roleWords(joined?.role);
      return `${nameOf(joined)} joined${role === null ? "" : ` as ${role}`}${joined !== undefined && isMuted(joined) ? ", muted" : ""}`;
    }
    case "participant.entered":
      return `${name} entered the room`;
    case "participant.connected":
      return `${name} connected`;
    case "participant.disconnected":
      return `${name} disconnected`;
    case "participant.left":
      return payload["done"] === true ? `${name} was done and left` : `${name} left`;
    case "participant.devices":
      return `${name} was there with ${devicesWords(payload["devices"])}`;
    case "participant.changed":
      return `${by} set ${name}: ${roleWords(payload["role"]) ?? "somebody else"}${isMuted(payload) ? ", muted" : ""}${reasonOf(payload)}`;
    case "participant.removed":
      return `${by} removed ${whole ? name : `a device of ${name}`}${reasonOf(payload)}`;
    case "participant.readmitted":
      return `${by} let ${whole ? name : `a device of ${name}`} back in`;
    case "admission.changed":
      return `${name} ${ADMISSION_WORDS[String(payload["state"])] ?? String(payload["state"])}`;
    case INSERTED:
      return `${isolated(shortened(name))} inserted ${Number(payload["units"]).toLocaleString("en")} characters at once`;
    case "chat":
      return `${nameOf(payload["from"])}: ${String(payload["text"])}`;
    case "interview.opened":
      return `${by} let the candidate in`;
    case "interview.changed":
      return "The details were changed";
    case "interview.active":
      return "Candidate and interviewer have both been in";
    case "interview.finished":
      return `${by} finished the interview`;
    case "interview.reopened":
      return `${by} reopened the interview`;
    case "interview.cancelled":
      return `${by} cancelled the interview`;
    default:
      return kind;
  }
}

/** The ids of those whom an event is about: who did it, said it, or to whom it happened. */
export function concerned({ payload }: RecordedEvent): string[] {
  const ids = [payload["id"], ...["by", "from", "participant"].map((key) => (payload[key] as Named)?.id)];
  return ids.filter((id): id is string => typeof id === "string");
}

type Named = { id?: unknown; name?: unknown } | null | undefined;

function nameOf(value: unknown): string {
  const name = (value as Named)?.name;
  return typeof name === "string" ? name : "Somebody";
}

const ADMISSION_WORDS: Partial<Record<string, string>> = {
  seated: "took a seat",
  observing: "observed",
  waiting: "waited outside",
  refused: "was not let in",
  none: "gave the seat up",
};

export function roleWords(role: unknown): string | null {
  return (ROLE_NAMES as Record<string, string>)[String(role)]?.toLowerCase() ?? null;
}

function isMuted(value: object): boolean {
  return (value as { muted?: unknown }).muted === true;
}

function devicesWords(devices: unknown): string {
  const all = Array.isArray(devices) ? (devices as { browser?: unknown }[]) : [];
  if (all.length === 0) return "other devices";
  const browsers = all.map(({ browser }) => browser).filter((browser) => typeof browser === "string" && browser !== "");
  const words = all.length === 1 ? "one device" : `${all.length} devices`;
  return browsers.length === 0 ? words : `${words}: ${browsers.join(", ")}`;
}

function reasonOf(payload: Record<string, unknown>): string {
  return typeof payload["reason"] === "string" && payload["reason"] !== "" ? `: ${payload["reason"]}` : "";
}
