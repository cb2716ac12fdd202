import * as api from "./api";
import { Chat } from "./chat";
import { showDetails } from "./details";
import { announce } from "./dom";
import { finishedNotice, nameFinisher, takeLostFocus, undoFinish } from "./finished_notice";
import { Frame, recordedButton } from "./frame";
import type { RoomPage } from "./lobby";
import { Moderation } from "./moderation";
import { OwnNotice } from "./own_notice";
import { People } from "./people";
import { PresenceLine } from "./presence_line";
import { askFinish, askDone, tellNot } from "./questions";
import type { Participant, RoomEvent, Snapshot } from "./room_events";
import { Roster } from "./roster";

/** What the people's side of the room needs of the session. */
interface PanelHooks {
  joined: () => api.Joined;
  onLeave: (done: boolean) => void;
  onFinished: (by?: string) => void;
  onUnsent: (count: number, isStuck: boolean) => void;
  onDownload: () => void;
  /** Goes along with somebody's caret; with the same one again, or null, no more. */
  onFollow: (id: string | null) => void;
}

interface Parts {
  pill: HTMLElement;
  banner: HTMLElement;
  code: HTMLElement;
}

/** The people's side of a room: who is in it, what they say, and what one may do about whom. */
export class Panel {
  readonly people = new People();
  readonly frame: Frame;
  private readonly roster: Roster;
  private readonly chat: Chat;
  private readonly line: PresenceLine;
  private readonly moderation: Moderation;
  private readonly own: OwnNotice;
  private readonly id: string;
  private details: api.Details;
  private isKnown = true;
  private reason: string | null;
  /** For how long a finish can be undone. */
  private undoLeft: number;

  constructor(
    page: RoomPage,
    private readonly hooks: PanelHooks,
    { pill, banner, code }: Parts,
  ) {
    const ownId = (): string => hooks.joined().participant_id;
    this.id = page.interview.id;
    this.details = page.interview;
    this.undoLeft = page.reopen_ms;
    this.reason = hooks.joined().admission.reason ?? null;
    this.moderation = new Moderation(this.id);
    this.roster = new Roster(this.people, {
      ownId,
      items: (person) => (this.role === "interviewer" ? this.moderation.items(person) : []),
      removals: () => (this.role === "interviewer" ? this.people.removed : []),
      onReadmit: (removal) => {
        this.moderation.readmit(removal);
      },
      onFollow: (id) => {
        hooks.onFollow(id);
        this.frame.show("code");
      },
    });
    this.chat = new Chat(this.people, {
      ownId,
      send: (message) => api.say(this.id, hooks.joined().ticket, message),
      onUnread: (count) => {
        this.frame.setUnread(count);
      },
      onUnsent: hooks.onUnsent,
    });
    const onAdmit = (): void => void this.letIn();
    this.line = new PresenceLine(this.people, { ownId, onAdmit }, recordedButton(page.organisation), pill);
    this.frame = new Frame(
      page,
      hooks.joined().role,
      {
        onLeave: () => void this.leave(),
        onFinish: () => void this.finish(),
        onDetails: () => {
          showDetails(page.interview, this.details, this.people.lobbySwitch);
        },
        onPane: () => {
          this.chat.look();
        },
      },
      { line: this.line.element, banner, roster: this.roster.element, chat: this.chat.element, code },
    );
    this.own = new OwnNotice(this.frame.notices, this.role);
    this.show();
  }

  accept(event: RoomEvent): void {
    const wasObserving = this.isObserving;
    this.people.accept(event);
    this.roster.accept(event);
    if (event.kind === "snapshot") {
      this.details = { ...this.details, ...detailsOf(event.snapshot) };
      this.reason = event.snapshot.admission?.reason ?? null;
      const until = event.snapshot.reopen_until_ms;
      this.undoLeft = until === null ? this.undoLeft : until - event.snapshot.now_ms;
    } else if (event.kind === "interview.changed") this.details = event;
    this.chat.update();
    if ("id" in event && event.id === this.hooks.joined().participant_id) this.acceptOwn(event, wasObserving);
    this.show();
    if (event.kind === "snapshot" || (event.kind === "saving.changed" && event.is_saving)) this.chat.resume();
  }

  /** After joining anew: the role or the seat may be another one. */
  rejoined(): void {
    const { role, admission, documents } = this.hooks.joined();
    this.reason = admission.reason ?? null;
    this.own.setMayWrite(documents.some(({ may_write }) => may_write));
    this.frame.setRole(role);
    this.roster.draw();
    this.show();
  }

  /** Whether the events still tell who is here. */
  setKnown(isKnown: boolean): void {
    this.isKnown = isKnown;
    this.roster.setPresence(this.people.status === "finished" ? "over" : isKnown ? "known" : "unknown");
    this.chat.setKnown(isKnown);
    this.show();
  }

  setFollowed(id: string | null): void {
    this.roster.setFollowed(id);
  }

  setTyping(typing: ReadonlySet<string>): void {
    this.roster.setTyping(typing);
    this.line.setTyping(typing);
  }

  /** Again when it is told who did it. */
  finished(by: string | undefined, replay: string | null): void {
    const told = this.frame.notices.querySelector<HTMLElement>(".finished");
    if (told !== null) {
      if (by !== undefined) nameFinisher(told, by);
      return;
    }
    this.people.status = "finished";
    this.hooks.onFollow(null);
    this.setKnown(true);
    const isInterviewer = this.role === "interviewer";
    const undo = isInterviewer && this.undoLeft > 0 ? undoFinish(this.undoLeft, () => api.reopen(this.id)) : null;
    const { onDownload } = this.hooks;
    const notice = finishedNotice({ by, replay, onDownload }, undo);
    this.frame.notices.prepend(notice);
    takeLostFocus(notice);
  }

  private get role(): api.Role {
    return this.hooks.joined().role;
  }

  private get isObserving(): boolean {
    return this.people.place(this.hooks.joined().participant_id) !== null;
  }

  private acceptOwn(event: Extract<RoomEvent, { id: string }>, wasObserving: boolean): void {
    if (event.kind === "admission.changed") {
      this.reason = event.reason;
      if (wasObserving && event.state === "seated") this.own.tellSeated();
    } else if (event.kind === "participant.changed") this.own.tellChange(event);
  }

  private show(): void {
    const me = this.people.get(this.hooks.joined().participant_id);
    this.frame.setStage(this.people.status);
    this.frame.setDetails(this.details);
    this.line.show(this.reason, this.isKnown);
    this.own.show(me, this.people.status === "finished");
    this.chat.allow(this.silence(me), this.role === "interviewer");
  }

  /** Why one may not chat, in words. */
  private silence(me: Participant | undefined): string | null {
    if (this.people.status === "finished") return "The interview is finished.";
    if (me?.muted === true) return "You are muted.";
    if (this.role === "observer") return "Observers only read.";
    return null;
  }

  private async finish(): Promise<void> {
    if (!(await askFinish(this.others))) return;
    try {
      await api.finish(this.id);
      this.hooks.onFinished();
    } catch (error) {
      // Somebody else was faster: what was asked for is so.
      if (error instanceof api.Problem && error.kind === "interview-finished") this.hooks.onFinished();
      else await tellNot("The interview is not finished", error);
    }
  }

  private async leave(): Promise<void> {
    if (this.role !== "interviewer") this.hooks.onLeave(false);
    else if (this.people.status === "finished" || (await askDone(this.others))) this.hooks.onLeave(true);
  }

  private async letIn(): Promise<void> {
    try {
      await api.admit(this.id);
      announce("The candidate can come in now.");
    } catch (error) {
      await tellNot("Nobody was let in", error);
    }
  }

  private get others(): Participant[] {
    return this.people.here.filter(({ id }) => id !== this.hooks.joined().participant_id);
  }
}

function detailsOf({ instructions, meeting_url }: Snapshot): Partial<api.Details> {
  return { instructions, meeting_url };
}
