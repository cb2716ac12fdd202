import type { Role } from "./api";
import { closeDecisions } from "./dialog";
import { announce, h } from "./dom";
import { ROLE_NAMES } from "./person";
import type { Participant, RoomEvent } from "./room_events";

const SEATED_MS = 15_000;

/** The last decision about oneself, by whom and why: above all other notices, as long as it holds or until put away. */
export class OwnNotice {
  private shown: HTMLElement | null = null;
  /** While one is muted: by whom and why. */
  private mute: { by: string; reason: string | null } | null = null;
  /** Who has changed one's role, while the notice of it is shown. */
  private roleBy: string | null = null;
  private mayWrite = false;

  constructor(
    private readonly place: HTMLElement,
    /** The last role that one was told of: not the session's, which may join anew before the event comes. */
    private role: Role,
  ) {}

  tellSeated(): void {
    if (this.mute !== null) return;
    const notice = this.put("notice", "You have a seat now: you can write.", "");
    window.setTimeout(() => {
      if (this.shown === notice) this.drop();
    }, SEATED_MS);
  }

  tellChange({ role, muted, reason, by }: Extract<RoomEvent, { kind: "participant.changed" }>): void {
    const [was, wasMuted] = [this.role, this.mute !== null];
    this.role = role;
    if (role !== "interviewer") closeDecisions("You are not an interviewer any more.");
    if (!muted) this.mute = null;
    else if (role === was || !wasMuted) this.mute = { by: by.name, reason };
    if (role !== was) {
      const words = this.roleWords(by.name);
      this.put("notice warn", words, reasonWords(reason));
      this.roleBy = by.name;
    } else if (muted) this.putMute();
    else if (wasMuted) this.put("notice", `${by.name} has unmuted you: you can write again.`, reasonWords(reason));
  }

  /** What the server lets one do now, which may be known only after the decision. */
  setMayWrite(mayWrite: boolean): void {
    this.mayWrite = mayWrite;
    const words = this.shown?.querySelector("strong");
    if (this.roleBy === null || words === null || words === undefined) return;
    const now = this.roleWords(this.roleBy);
    if (words.textContent === now) return;
    words.textContent = now;
    announce(now);
  }

  /** Who is muted is told so as long as that holds, unless a newer decision is. */
  show(me: Participant | undefined, isOver: boolean): void {
    if (isOver) this.drop();
    else if (me?.muted !== true) {
      this.mute = null;
      if (this.shown?.dataset["own"] === "muted") this.drop();
    } else {
      this.mute ??= { by: "An interviewer", reason: me.muted_reason };
      if (this.shown === null) this.putMute();
    }
  }

  private roleWords(by: string): string {
    const asInterviewer = this.mayWrite ? "you can write." : "you write as soon as there is a seat.";
    const asMuted = this.mute === null ? asInterviewer : "you are still muted.";
    const means = this.role === "observer" ? "you read the code and change nothing." : asMuted;
    return `${by} has made you an ${ROLE_NAMES[this.role].toLowerCase()}: ${means}`;
  }

  private putMute(): void {
    if (this.mute === null) return;
    const words = `${this.mute.by} has muted you: you can read everything, but neither write nor chat.`;
    this.put("notice warn", words, reasonWords(this.mute.reason), "muted");
  }

  private put(style: string, words: string, why: string, own = "changed"): HTMLElement {
    this.drop();
    const close = h("button", { type: "button", class: "button" }, "Put away");
    close.addEventListener("click", () => {
      this.drop();
      this.putMute();
    });
    const text = h("p", {}, h("strong", {}, words), " ", h("span", { dir: "auto" }, why));
    this.shown = h("section", { class: style, "data-own": own }, text, own === "muted" ? null : close);
    this.place.prepend(this.shown);
    this.place.scrollTop = 0;
    announce(`${words} ${why}`);
    return this.shown;
  }

  private drop(): void {
    this.shown?.remove();
    this.shown = this.roleBy = null;
  }
}

export function reasonWords(reason: string | null): string {
  return reason === null || reason === "" ? "No reason was given." : `Reason: ${reason}`;
}
