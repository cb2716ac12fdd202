import { announce, h, icon } from "./dom";
import { menuButton, type MenuItem } from "./menu";
import type { People } from "./people";
import { avatar, ROLE_NAMES } from "./person";
import { RemovedList } from "./removed_list";
import type { Participant, Removal, RoomEvent } from "./room_events";

/** "over": after the finish it says who took part, and who was here at the end. */
export type Presence = "known" | "unknown" | "over";

interface RosterOptions {
  ownId: () => string;
  onFollow: (id: string) => void;
  /** What may be done about somebody; empty: no menu. */
  items: (person: Participant) => MenuItem[];
  /** Whom one may let back in. */
  removals: () => Removal[];
  onReadmit: (removal: Removal) => void;
}

/** Who is in the room, who waits outside and in which order, and who was removed. */
export class Roster {
  readonly element: HTMLElement;
  private readonly list = h("ul", { class: "roster", tabindex: "-1", "aria-label": "People in this room" });
  private readonly lineHead = h("h3", { class: "roster-head", id: "roster-line" }, "Waiting outside");
  private readonly line = h("ol", { class: "roster", "aria-labelledby": "roster-line" });
  private readonly doubt = h("p", { class: "pane-foot", hidden: true }, "Offline: who else is here is not known.");
  private readonly removed: RemovedList;
  private readonly rows = new Map<string, Row>();
  private typing: ReadonlySet<string> = new Set();
  private followed: string | null = null;
  private presence: Presence = "known";

  constructor(
    private readonly people: People,
    private readonly options: RosterOptions,
  ) {
    this.removed = new RemovedList(options.onReadmit);
    this.element = h("div", {}, this.list, this.doubt, this.lineHead, this.line, this.removed.element);
  }

  setPresence(presence: Presence): void {
    if (presence === this.presence) return;
    this.presence = presence;
    this.doubt.hidden = presence !== "unknown";
    this.draw();
  }

  setTyping(typing: ReadonlySet<string>): void {
    this.typing = typing;
    for (const [id, row] of this.rows) row.element.classList.toggle("is-typing", this.isTyping(this.people.get(id)));
  }

  setFollowed(id: string | null): void {
    this.followed = id;
    this.draw();
  }

  /** After the people have taken the event in. */
  accept(event: RoomEvent): void {
    this.draw();
    if (!("id" in event) || event.id === this.options.ownId()) return;
    const words = this.eventWords(event);
    if (words !== "") announce(words);
  }

  draw(): void {
    // A row that moved would close its menu, under the hand of who is choosing: it is drawn when the menu is closed.
    if (this.element.querySelector(".menu") !== null) return;
    const focused = document.activeElement;
    const inside = this.people.inside;
    const line = this.people.line;
    this.place(this.list, [...inside.filter(({ connected }) => connected), ...inside.filter(({ connected }) => !connected)]);
    this.place(this.line, line);
    this.lineHead.hidden = this.line.hidden = line.length === 0;
    const shown = new Set([...inside, ...line].map(({ id }) => id));
    for (const [id, row] of this.rows) {
      if (shown.has(id)) continue;
      row.element.remove();
      this.rows.delete(id);
    }
    this.removed.draw(this.presence === "over" ? [] : this.options.removals());
    // Whoever was at the row that is gone finds himself at the way to undo that, or in the list.
    if (focused?.isConnected === false && document.activeElement === document.body) {
      const buttons = [...this.list.querySelectorAll<HTMLElement>("button:enabled")];
      const first = buttons.find((button) => button.checkVisibility()) ?? this.list;
      (this.removed.element.hidden ? first : this.removed.summary).focus();
    }
  }

  /** Rows that stay where they are keep the focus; one that moves gets it back. */
  private place(list: HTMLElement, people: Participant[]): void {
    const focused = document.activeElement;
    people.forEach((person, at) => {
      const row = this.rows.get(person.id) ?? this.newRow(person.id);
      this.rows.set(person.id, row);
      this.show(row, person);
      if (list.children[at] !== row.element) list.insertBefore(row.element, list.children[at] ?? null);
    });
    if (focused instanceof HTMLElement && list.contains(focused)) focused.focus();
  }

  private newRow(id: string): Row {
    const redraw = (): void => {
      this.draw();
    };
    return new Row(id, this.options.onFollow, () => this.itemsOf(id), redraw);
  }

  private itemsOf(id: string): MenuItem[] {
    const person = this.people.get(id);
    return person === undefined ? [] : this.options.items(person);
  }

  private isTyping(person: Participant | undefined): boolean {
    return person?.connected === true && this.typing.has(person.id);
  }

  private show(row: Row, person: Participant): void {
    const isYou = person.id === this.options.ownId();
    const place = this.people.place(person.id);
    const isHere = person.connected || person.state === "waiting";
    const shown = { known: isHere, unknown: isYou, over: isHere || isYou }[this.presence];
    const standing = person.state === "observing" ? "observing, " : "";
    const away = { known: "away", unknown: null, over: "not here at the end" }[this.presence];
    row.show(person, {
      isYou,
      isAway: !shown,
      says: [
        place === null || this.people.closed ? null : `${standing}${ordinal(place)} for a seat`,
        shown ? null : away,
      ].filter((words) => words !== null),
      isTyping: this.isTyping(person),
      isFollowed: person.id === this.followed,
      mayFollow: !isYou && person.connected && this.presence !== "over",
      hasMenu: !isYou && this.presence !== "over" && this.options.items(person).length > 0,
    });
  }

  private eventWords(event: Extract<RoomEvent, { id: string }>): string {
    const person = this.people.get(event.id);
    if (person === undefined || this.presence === "over") return "";
    switch (event.kind) {
      case "participant.connected":
        return `${person.name} is here`;
      case "participant.disconnected":
        return person.removed ? "" : `${person.name} is away`;
      case "participant.left":
        return event.done ? `${person.name} is done and has left` : `${person.name} has left`;
      case "participant.removed":
        return event.device === null ? `${event.by.name} has removed ${person.name}` : "";
      case "participant.readmitted":
        return `${event.by.name} lets ${event.device === null ? person.name : `a device of ${person.name}`} back in`;
      case "participant.devices":
        return event.devices !== undefined && event.devices.length > 1 ? `${person.name} is here with ${event.devices.length} devices` : "";
      case "admission.changed":
        if (event.state === "waiting") return `${person.name} waits outside`;
        return event.state === "seated" && person.role === "interviewer" ? `${person.name} has a seat` : "";
      default:
        return "";
    }
  }
}

interface Standing {
  isYou: boolean;
  isAway: boolean;
  isTyping: boolean;
  isFollowed: boolean;
  mayFollow: boolean;
  hasMenu: boolean;
  says: string[];
}

/** One person, in one or two lines. */
class Row {
  readonly element = h("li", { class: "roster-row" });
  private readonly face = h("span", { class: "roster-face" });
  private readonly name = h("bdi");
  private readonly follow = h("button", { type: "button", class: "roster-name" }, this.name);
  private readonly role = h("span", { class: "roster-role" });
  private readonly more = h("span", { class: "roster-more" });
  private readonly menu: HTMLButtonElement;
  private shown = "";

  constructor(id: string, onFollow: (id: string) => void, items: () => MenuItem[], onMenuClosed: () => void) {
    this.follow.addEventListener("click", () => {
      onFollow(id);
    });
    this.menu = menuButton("", items, onMenuClosed);
    const words = h("div", { class: "roster-words" }, h("div", { class: "roster-line" }, this.follow, this.role), this.more);
    this.element.append(this.face, words, this.menu);
  }

  show(person: Participant, standing: Standing): void {
    const now = JSON.stringify([person, standing]);
    this.element.classList.toggle("is-typing", standing.isTyping);
    if (now === this.shown) return;
    this.shown = now;
    this.element.classList.toggle("is-away", standing.isAway);
    this.element.dataset["participant"] = person.id;
    this.face.replaceChildren(avatar(person), h("span", { class: "typing-dot", "aria-hidden": "true" }));
    this.name.textContent = person.name;
    this.follow.disabled = !standing.mayFollow;
    this.follow.title = standing.mayFollow ? `Follow ${person.name}` : person.name;
    this.follow.setAttribute("aria-pressed", String(standing.isFollowed));
    const role = ROLE_NAMES[person.role];
    this.role.textContent = standing.isYou ? `you, ${role.toLowerCase()}` : role;
    this.menu.setAttribute("aria-label", `Actions for ${person.name}`);
    this.menu.hidden = !standing.hasMenu;
    const says: (Node | string)[] = standing.says.map((words) => h("span", {}, words));
    if (standing.isFollowed) says.unshift(h("span", { class: "is-followed" }, "you follow"));
    if (person.muted) says.push(h("span", { class: "is-muted" }, icon("muted"), "muted"));
    if (person.devices.length > 1) {
      says.push(h("span", { class: "is-warn" }, icon("devices"), `${person.devices.length} devices`));
    }
    this.more.replaceChildren(...says);
    this.more.hidden = says.length === 0;
  }
}

function ordinal(place: number): string {
  const ending = { one: "st", two: "nd", few: "rd", other: "th" }[
    new Intl.PluralRules("en", { type: "ordinal" }).select(place) as "one" | "two" | "few" | "other"
  ];
  return `${place}${ending}`;
}
