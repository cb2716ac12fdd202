import { safeColor } from "./color";
import { h } from "./dom";
import { ROLE_NAMES } from "./person";
import type { Player } from "./player";
import type { RecordedEvent, RecordedParticipant, Recording } from "./recording";

const BARS = 240;

/** The slider, with how much was written when (and by whom) behind it and the room's events on it. */
export class Timeline {
  readonly slider = h("input", { type: "range", id: "timeline", min: "0", step: "10", "aria-label": "Time" });
  readonly element: HTMLElement;

  constructor(
    private readonly player: Player,
    marked: RecordedEvent[],
  ) {
    this.slider.max = String(player.end_ms);
    this.slider.addEventListener("input", () => {
      player.seekTo(Number(this.slider.value));
    });
    const marks = marked.map((event) => this.mark(event));
    this.element = h("div", { class: "timeline" }, activity(player.recording, player.end_ms), ...marks, this.slider);
  }

  show(at_ms: number): void {
    this.slider.value = String(at_ms);
    this.slider.setAttribute("aria-valuetext", `${clock(at_ms)} of ${clock(this.player.end_ms)}`);
    this.element.style.setProperty("--done", String(this.player.end_ms === 0 ? 0 : at_ms / this.player.end_ms));
  }

  private mark(event: RecordedEvent): HTMLElement {
    const words = eventWords(event, this.player.recording.participants);
    const mark = h("span", {
      class: "timeline-mark",
      title: `${clock(event.at_ms)} ${words}`,
      "data-kind": event.kind,
    });
    mark.style.setProperty("--at", String(this.player.end_ms === 0 ? 0 : event.at_ms / this.player.end_ms));
    return mark;
  }
}

/** One bar a slice of time, as high as what was written in it, in the colour of who wrote most. */
function activity(recording: Recording, end_ms: number): SVGSVGElement {
  const slices = Array.from({ length: BARS }, () => ({ units: 0, by: new Map<number, number>() }));
  for (const { at_ms, who, inserted, deleted } of recording.operations) {
    const slice = slices[Math.min(BARS - 1, Math.floor((at_ms / Math.max(1, end_ms)) * BARS))];
    if (slice === undefined) continue;
    const units = Math.min(200, inserted.length + deleted.length);
    slice.units += units;
    slice.by.set(who, (slice.by.get(who) ?? 0) + units);
  }
  const most = Math.max(1, ...slices.map((slice) => slice.units));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "timeline-activity");
  svg.setAttribute("viewBox", `0 0 ${BARS} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  slices.forEach(({ units, by }, at) => {
    if (units === 0) return;
    const [who = -1] = [...by].sort((a, b) => b[1] - a[1])[0] ?? [];
    const height = 12 + 88 * Math.sqrt(units / most);
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    bar.setAttribute("x", String(at + 0.1));
    bar.setAttribute("width", "0.8");
    bar.setAttribute("y", String(100 - height));
    bar.setAttribute("height", String(height));
    bar.setAttribute("fill", safeColor(recording.participants[who]?.color ?? ""));
    svg.append(bar);
  });
  return svg;
}

/** Hours only where there are any: 1:02:03, 12:34. */
export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${hours > 0 ? two(Math.floor(seconds / 60) % 60) : String(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** A room event in words; a kind this page does not know is shown by its name. */
export function eventWords({ kind, payload }: RecordedEvent, participants: RecordedParticipant[]): string {
  const joined = payload["participant"] as RecordedParticipant | undefined;
  const by = payload["by"] as { name?: string } | undefined;
  const name = participants.find(({ id }) => id === payload["id"])?.name ?? "Somebody";
  switch (kind) {
    case "participant.joined": {
      const role = (ROLE_NAMES as Record<string, string>)[joined?.role ?? ""]?.toLowerCase();
      return `${joined?.name ?? "Somebody"} joined${role === undefined ? "" : ` as ${role}`}`;
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
      return `${name} was there with ${(payload["devices"] as unknown[] | undefined)?.length ?? "other"} devices`;
    case "participant.changed":
      return changeWords(payload, name, by?.name ?? "Somebody");
    case "participant.removed":
      return `${by?.name ?? "Somebody"} removed ${payload["device"] === null ? name : `a device of ${name}`}${reasonOf(payload)}`;
    case "participant.readmitted":
      return `${by?.name ?? "Somebody"} let ${payload["device"] === null ? name : `a device of ${name}`} back in`;
    case "admission.changed":
      return `${name} ${ADMISSION_WORDS[String(payload["state"])] ?? String(payload["state"])}`;
    case "chat":
      return `${(payload["from"] as { name: string }).name}: ${String(payload["text"])}`;
    case "interview.opened":
      return `${by?.name ?? "Somebody"} let the candidate in`;
    case "interview.changed":
      return "The details were changed";
    case "interview.active":
      return "Candidate and interviewer have both been in";
    case "interview.finished":
      return `${by?.name ?? "Somebody"} finished the interview`;
    case "interview.reopened":
      return `${by?.name ?? "Somebody"} reopened the interview`;
    default:
      return kind;
  }
}

const ADMISSION_WORDS: Partial<Record<string, string>> = {
  seated: "took a seat",
  observing: "observed",
  waiting: "waited outside",
  refused: "was not let in",
  none: "gave the seat up",
};

function changeWords(payload: Record<string, unknown>, name: string, by: string): string {
  const role = (ROLE_NAMES as Record<string, string>)[String(payload["role"])]?.toLowerCase() ?? "somebody else";
  return `${by} set ${name}: ${role}${payload["muted"] === true ? ", muted" : ""}${reasonOf(payload)}`;
}

function reasonOf(payload: Record<string, unknown>): string {
  return typeof payload["reason"] === "string" && payload["reason"] !== "" ? `: ${payload["reason"]}` : "";
}
