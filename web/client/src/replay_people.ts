import { safeColor } from "./color";
import { h, icon, passFocus } from "./dom";
import { avatar, ROLE_NAMES } from "./person";
import type { RecordedParticipant, Recording } from "./recording";
import type { Presence } from "./replay_presence";

interface PeopleActions {
  onFollow(who: number): void;
  /** Indices of the participants whose edits count, null for everybody's. */
  onOnly(who: ReadonlySet<number> | null): void;
}

interface Row {
  element: HTMLElement;
  follow: HTMLButtonElement;
  only: HTMLButtonElement;
  doing: HTMLElement;
}

/** Everybody who took part, as they were at the moment: there or not, in which role, and who types where. */
export class ReplayPeople {
  readonly element: HTMLElement;
  private readonly list = h("ul", { class: "roster" });
  private readonly nobody = h("p", { class: "pane-foot" }, "Nobody has taken part.");
  private readonly everybody = h("button", { type: "button", class: "button quiet people-all", hidden: true }, "Everybody");
  private rows: Row[] = [];
  private only = new Set<number>();
  private shown = "";

  constructor(
    recording: Recording,
    private readonly actions: PeopleActions,
  ) {
    this.everybody.addEventListener("click", () => {
      passFocus(this.everybody, this.rows[Math.min(...this.only)]?.only);
      this.only.clear();
      this.filterChanged();
    });
    this.element = h(
      "section",
      { class: "replay-people", "aria-label": "People" },
      h("div", { class: "pane-head" }, h("h2", {}, "People"), this.everybody),
      this.list,
      this.nobody,
    );
    this.update(recording);
  }

  /** Participants are only ever added. */
  update({ participants }: Recording): void {
    for (const participant of participants.slice(this.rows.length)) this.add(participant, this.rows.length);
    this.nobody.hidden = this.rows.length > 0;
    this.shown = "";
  }

  /** `typing`: participant -> the name of what he has just typed in. */
  show(
    participants: readonly RecordedParticipant[],
    presence: Presence,
    typing: ReadonlyMap<number, string>,
    followed: number | null,
  ): void {
    const states = participants.map(({ id, role }, who) => {
      const standing = presence.of(id);
      const file = typing.get(who);
      const isThere = presence.isThere(id) || file !== undefined;
      const roleName = (ROLE_NAMES as Record<string, string>)[standing?.role ?? role] ?? role;
      const more = !isThere ? ", not there" : standing?.isMuted === true ? ", muted" : "";
      return {
        doing: file === undefined ? `${roleName}${more}` : `typing in ${file}`,
        isThere,
        isTyping: file !== undefined,
      };
    });
    const key = `${followed} ${JSON.stringify(states)}`;
    if (key === this.shown) return;
    this.shown = key;
    states.forEach(({ doing, isThere, isTyping }, who) => {
      const row = this.rows[who];
      if (row === undefined) return;
      row.element.classList.toggle("is-away", !isThere);
      row.element.classList.toggle("is-writing", isTyping);
      row.follow.setAttribute("aria-pressed", String(who === followed));
      row.doing.textContent = doing;
    });
  }

  private add(participant: RecordedParticipant, who: number): void {
    const doing = h("span", { class: "roster-role" });
    const follow = h(
      "button",
      { type: "button", class: "roster-follow", "aria-pressed": "false", title: `Follow ${participant.name}` },
      avatar(participant),
      h("bdi", { class: "roster-name" }, participant.name),
      doing,
    );
    follow.addEventListener("click", () => {
      this.actions.onFollow(who);
    });
    const only = h(
      "button",
      {
        type: "button",
        class: "icon-button roster-only",
        "aria-pressed": "false",
        "aria-label": `Only ${participant.name}`,
        title: `Only what ${participant.name} did`,
      },
      icon("filter"),
    );
    only.addEventListener("click", () => {
      if (!this.only.delete(who)) this.only.add(who);
      this.filterChanged();
    });
    const element = h("li", { class: "roster-row", "data-participant": participant.id }, follow, only);
    element.style.setProperty("--who", safeColor(participant.color));
    this.rows.push({ element, follow, only, doing });
    this.list.append(element);
  }

  private filterChanged(): void {
    this.rows.forEach(({ element, only }, who) => {
      only.setAttribute("aria-pressed", String(this.only.has(who)));
      element.classList.toggle("is-left-out", this.only.size > 0 && !this.only.has(who));
    });
    this.everybody.hidden = this.only.size === 0;
    this.actions.onOnly(this.only.size === 0 ? null : new Set(this.only));
  }
}
