import type { Role } from "./api";
import { announce, h } from "./dom";
import { avatar, ROLE_NAMES } from "./person";
import type { Participant, RoomEvent } from "./room_events";

const ROLE_ORDER: Role[] = ["candidate", "interviewer", "guest", "observer"];

/** "over": after the finish it says who took part and no longer who is here. */
type Presence = "known" | "unknown" | "over";

/** Who is in the room, from its events. */
export class Roster {
  readonly element: HTMLElement;
  private readonly list = h("ul", { class: "roster", "aria-label": "People in this room" });
  private readonly doubt = h("p", { class: "pane-foot", hidden: true }, "Offline: who else is here is not known.");
  private readonly people = new Map<string, Participant>();

  private presence: Presence = "known";

  constructor(private readonly ownId: () => string) {
    this.element = h("div", {}, this.list, this.doubt);
  }

  setPresence(presence: Presence): void {
    if (presence === this.presence) return;
    this.presence = presence;
    this.doubt.hidden = presence !== "unknown";
    this.draw();
  }

  get connected(): Participant[] {
    return [...this.people.values()].filter((person) => person.connected);
  }

  accept(event: RoomEvent): void {
    switch (event.kind) {
      case "snapshot":
        this.people.clear();
        for (const person of event.snapshot.participants) this.people.set(person.id, person);
        break;
      case "participant.joined":
        this.people.set(event.participant.id, {
          ...event.participant,
          connected: this.isConnected(event.participant.id),
        });
        break;
      case "participant.connected":
      case "participant.disconnected":
        this.connect(event.id, event.kind === "participant.connected");
        break;
      default:
        return;
    }
    this.draw();
  }

  private isConnected(id: string): boolean {
    return this.people.get(id)?.connected ?? false;
  }

  private connect(id: string, connected: boolean): void {
    const person = this.people.get(id);
    if (person === undefined || person.connected === connected) return;
    person.connected = connected;
    if (id !== this.ownId()) announce(`${person.name} ${connected ? "is here" : "is away"}`);
  }

  private draw(): void {
    const order = (person: Participant) => ROLE_ORDER.indexOf(person.role) + (person.connected || this.presence === "over" ? 0 : ROLE_ORDER.length);
    const people = [...this.people.values()].sort((a, b) => order(a) - order(b) || a.name.localeCompare(b.name));
    this.list.replaceChildren(...people.map((person) => this.row(person)));
  }

  private row(person: Participant): HTMLLIElement {
    const you = person.id === this.ownId() ? "you, " : "";
    const role = you === "" ? ROLE_NAMES[person.role] : ROLE_NAMES[person.role].toLowerCase();
    const away =
      person.connected || this.presence !== "known" ? null : h("span", { class: "roster-away" }, "away");
    const shown = { known: person.connected, unknown: you !== "", over: true }[this.presence];
    return h(
      "li",
      { class: shown ? "roster-row" : "roster-row is-away", "data-participant": person.id },
      avatar(person),
      h("span", { class: "roster-name" }, person.name),
      away,
      h("span", { class: "roster-role" }, you + role),
    );
  }
}
