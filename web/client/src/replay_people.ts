import { h } from "./dom";
import { clock, eventWords } from "./event_words";
import { avatar, ROLE_NAMES } from "./person";
import type { Recording, RecordedEvent } from "./recording";

/** Who took part, with the author of the moment marked, and what happened in the room, each a place to go to. */
export class ReplayPeople {
  readonly element: HTMLElement;
  private readonly people: HTMLElement[];
  private readonly happened: { event: RecordedEvent; row: HTMLElement }[];
  private marked = -2;
  private passed = -1;

  constructor(recording: Recording, onGo: (at_ms: number) => void) {
    this.people = recording.participants.map(({ id, name, role, color }) => {
      const roleName = (ROLE_NAMES as Record<string, string>)[role] ?? role;
      return h(
        "li",
        { class: "roster-row", "data-participant": id },
        avatar({ name, color }),
        h("span", { class: "roster-name" }, name),
        h("span", { class: "roster-role" }, roleName),
      );
    });
    this.happened = worthTelling(recording.events).map((event) => {
      const words = eventWords(event, recording.participants);
      const row = h(
        "button",
        { type: "button", class: "happened-row" },
        h("span", { class: "happened-time" }, clock(event.at_ms)),
        words,
      );
      row.addEventListener("click", () => {
        onGo(event.at_ms);
      });
      return { event, row };
    });
    const events = h("ul", { class: "happened" }, ...this.happened.map(({ row }) => h("li", {}, row)));
    this.element = h(
      "aside",
      { class: "pane replay-people", "aria-label": "People and events" },
      h("div", { class: "pane-head" }, h("h2", {}, "People")),
      this.people.length === 0
        ? h("p", { class: "pane-foot" }, "Nobody took part.")
        : h("ul", { class: "roster" }, ...this.people),
      ...(this.happened.length === 0 ? [] : [h("div", { class: "pane-head" }, h("h2", {}, "What happened")), events]),
    );
  }

  show(who: number, at_ms: number): void {
    if (who !== this.marked) {
      this.marked = who;
      this.people.forEach((row, at) => {
        row.classList.toggle("is-writing", at === who);
      });
    }
    const passed = this.happened.filter(({ event }) => event.at_ms <= at_ms).length;
    if (passed === this.passed) return;
    this.passed = passed;
    this.happened.forEach(({ row }, at) => {
      row.classList.toggle("is-ahead", at >= passed);
    });
  }
}

/** Without what follows from having joined, the first seat, connection and entry, and from having gone. */
function worthTelling(events: RecordedEvent[]): RecordedEvent[] {
  const known = new Set<string>();
  return events.filter(({ kind, payload }) => {
    if (kind === "participant.entered" || (kind === "admission.changed" && payload["state"] === "none")) return false;
    if (kind !== "participant.connected" && (kind !== "admission.changed" || payload["state"] === "waiting")) return true;
    const what = `${kind} ${String(payload["id"])}`;
    const again = known.has(what);
    known.add(what);
    return again;
  });
}
