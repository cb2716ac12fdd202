import type { Role } from "./api";
import { closeDecisions } from "./dialog";
import { announce, h } from "./dom";
import { ROLE_NAMES } from "./person";
import type { Participant, RoomEvent } from "./room_events";

const SEATED_MS = 15_000;

/** What was done about oneself, by whom and why: for as long as it holds, or until it is put away. */
export class OwnNotice {
  private muted: HTMLElement | null = null;
  private mutedBy = "An interviewer";
  private isMuted = false;

  constructor(
    private readonly place: HTMLElement,
    /** The last role that one was told of: not the session's, which may join anew before the event comes. */
    private role: Role,
  ) {}

  tellSeated(): void {
    const words = "You have a seat now: you can write.";
    const notice = this.put("notice", words, "");
    window.setTimeout(() => {
      notice.remove();
    }, SEATED_MS);
  }

  tellChange(event: Extract<RoomEvent, { kind: "participant.changed" }>): void {
    const [was, wasMuted] = [this.role, this.isMuted];
    this.role = event.role;
    this.isMuted = event.muted;
    if (event.role !== "interviewer") closeDecisions("You are not an interviewer any more.");
    if (event.muted && (event.role === was || !wasMuted)) {
      this.mutedBy = event.by.name;
      this.showMuted(null);
    }
    if (!event.muted && wasMuted) {
      this.put("notice", `${event.by.name} has unmuted you: you can write again.`, reasonWords(event.reason));
    }
    if (event.role === was) return;
    const isObserver = event.role === "observer";
    const means = isObserver ? "you read the code and change nothing." : "you write as soon as there is a seat.";
    const words = `${event.by.name} has made you an ${ROLE_NAMES[event.role].toLowerCase()}: ${means}`;
    this.put("notice warn", words, reasonWords(event.reason));
  }

  /** Stays while one is muted. */
  showMuted(me: Participant | null): void {
    if (me === null) {
      this.muted?.remove();
      this.muted = null;
      return;
    }
    if (this.muted !== null) return;
    this.isMuted = true;
    const words = `${this.mutedBy} has muted you: you can read everything, but neither write nor chat.`;
    this.muted = h(
      "section",
      { class: "notice warn", "data-own": "muted" },
      h("p", {}, h("strong", { dir: "auto" }, words), " ", h("span", { dir: "auto" }, reasonWords(me.muted_reason))),
    );
    this.place.append(this.muted);
    announce(`${words} ${reasonWords(me.muted_reason)}`);
  }

  private put(style: string, words: string, why: string): HTMLElement {
    const close = h("button", { type: "button", class: "button" }, "Put away");
    const notice = h(
      "section",
      { class: style, "data-own": "changed" },
      h("p", {}, h("strong", { dir: "auto" }, words), " ", h("span", { dir: "auto" }, why)),
      close,
    );
    close.addEventListener("click", () => {
      notice.remove();
    });
    for (const old of this.place.querySelectorAll("[data-own=changed]")) old.remove();
    this.place.append(notice);
    announce(`${words} ${why}`);
    return notice;
  }
}

export function reasonWords(reason: string | null): string {
  return reason === null || reason === "" ? "No reason was given." : `Reason: ${reason}`;
}
