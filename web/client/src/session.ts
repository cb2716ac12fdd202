import * as api from "./api";
import { CLOSE_CODES } from "./close_codes";
import { closeDecisions } from "./dialog";
import { Documents } from "./documents";
import type { RoomPage } from "./lobby";
import type { Texts } from "./lost_text";
import { Losses, refusalWords, sentence } from "./losses";
import type { ConnectionState } from "./provider";
import { reasonWords } from "./own_notice";
import { Panel } from "./panel";
import { dropPage, keepPage } from "./offline_page";
import { watchPage } from "./page_watch";
import { patiently, pause } from "./patience";
import { askLeave } from "./questions";
import { probe, type Probe } from "./probe";
import { RoomEvents, type RoomEvent } from "./room_events";
import type { DocumentWatcher, SharedDocument } from "./shared_document";
import { Status } from "./status";
import { forget, remember } from "./stay";
import { Turn } from "./turn";
import { Typing } from "./typing";
import { Waiting } from "./waiting";
import { Workspace } from "./workspace";

/** For so long the events may be behind the closing of a socket. */
const REMOVAL_MS = 1_000;
/** For so long the word of another window that one has signed out may be behind what the server says. */
const SIGNED_OUT_MS = 1_000;
/** The reason with which the server closes all the sockets of who has left. */
const LEFT = "left";
/** More refusals than this within a minute are not met by joining again. */
const MOST_REJOINS = 5;
/** What is on its way when somebody leaves is waited for so long. */
const SETTLE_MS = 2_000;

export const MEMBER_ROLES: Partial<Record<api.Role, api.Role>> = { interviewer: "observer", observer: "interviewer" };

type OwnEvent = Extract<RoomEvent, { kind: "admission.changed" | "participant.changed" | "participant.removed" }>;

export type Ending = "left" | "removed" | "cancelled" | "refused";

/** The page around a session. */
export interface Stage {
  /** Something else stands on it now: the room, or the card in front of it. */
  show: (element: HTMLElement, isCard: boolean) => void;
  showEnd: (ending: Ending, words: string, unsaved: string) => void;
  /** Why the server has not heard yet that one has left; empty once it has. */
  showTrouble: (words: string) => void;
}

/** One stay in the room: its documents, its events, and what to do about every way it can be interrupted. */
export class Session implements DocumentWatcher {
  private readonly workspace: Workspace;
  private readonly panel: Panel;
  private waiting: Waiting | null = null;
  private readonly status = new Status(() => this.documents.all);
  private readonly typing = new Typing((participants) => {
    this.panel.setTyping(participants);
  });
  private readonly events = new RoomEvents((event) => {
    this.accept(event);
  });
  private readonly documents: Documents;
  private readonly losses: Losses;
  /** A fresh ticket for the same participant. The documents stay, unless the server makes another one of us. */
  private readonly rejoin = new Turn(
    () => this.joinAgain(),
    MOST_REJOINS,
    () => {
      this.end("refused", "The server has closed this room for you several times in a row.");
    },
  );
  private readonly watching = new AbortController();
  private ended = false;
  private finished = false;
  /** Why this device was removed, as soon as it is told. */
  private removal = "";
  /** In a row, of joining again. */
  private failures = 0;

  constructor(
    private readonly page: RoomPage,
    private joined: api.Joined,
    private request: api.JoinRequest,
    private readonly stage: Stage,
    /** The server does not answer: the room is opened as it was kept, and joins when it is back. */
    private isFromStorage = false,
  ) {
    const nonce = page.csp_nonce;
    const { language, title } = page.interview;
    const onFollow = (id: string | null): void => {
      this.panel.setFollowed(id);
    };
    this.workspace = new Workspace({ language, title, nonce, onFollow });
    const hooks = {
      joined: () => this.joined,
      onLeave: (done: boolean) => void this.leave(done),
      onFinished: (by?: string) => {
        this.showFinished(by);
      },
      onUnsent: (unsent: number, isStuck: boolean) => {
        this.status.tell({ unsent, isStuck });
      },
      onDownload: () => {
        this.workspace.downloadAll();
      },
      onFollow: (id: string | null) => {
        this.workspace.follow(id);
      },
    };
    const { pill, banner } = this.status;
    this.panel = new Panel(page, hooks, { pill, banner, code: this.workspace.element });
    this.losses = new Losses(this.panel.frame.notices);
    const { frame } = this.panel;
    this.documents = new Documents(page, this.workspace, frame.notes, this.losses, this, this.typing);
    this.status.tell({ isFromStorage });
    this.panel.setKnown(!isFromStorage);
    watchPage(
      {
        onBack: (isOnline) => {
          this.documents.wake();
          if (isOnline) this.events.open(this.joined.events_url);
        },
        onOffline: () => {
          this.documents.doubt();
        },
        onSignedOut: () => {
          if (page.member !== null) this.end("left", "You have signed out in another window.");
        },
        hasUnsaved: () => this.documents.hasUnsaved && !(this.finished && this.documents.isKept),
      },
      this.watching.signal,
    );
  }

  /** For tests: nothing in the page reads it. */
  probe(): Probe {
    return probe(this.documents, () => {
      const { participant_id, role, admission } = this.joined;
      return { participant_id, role, admission: admission.state, finished: this.finished };
    });
  }

  start(): void {
    const { request, joined, page } = this;
    remember(page.interview.id, { request, joined, member: page.member?.id ?? null });
    this.events.open(joined.events_url);
    const { admission, documents } = joined;
    if (documents.length === 0) {
      if (this.waiting === null) {
        const countKept = () => this.documents.countKept(this.joined.participant_id);
        this.waiting = new Waiting(page, countKept, () => void this.leave(false));
        this.stage.show(this.waiting.element, true);
      }
      this.waiting.show(admission);
      return;
    }
    this.waiting = null;
    this.panel.rejoined();
    this.stage.show(this.panel.frame.element, false);
    this.documents.connect(this.joined);
    this.workspace.setWritable(this.documents.code.writable);
  }

  onConnection(document: SharedDocument, state: ConnectionState): void {
    if (state.kind === "synchronised") {
      this.losses.tell(document);
      if (document === this.documents.code) this.synchronised();
    }
    if (state.kind === "finished") {
      this.showFinished();
      this.losses.tellLate(document);
    }
    if (state.kind === "refused") this.refused(document, state.code, state.reason);
    if (document === this.documents.code) this.showPresence(state);
    this.onSaved();
  }

  onSaved(): void {
    const { code } = this.documents;
    this.status.refresh();
    this.panel.frame.element.dataset["connection"] = code.connection.kind;
    this.panel.frame.element.dataset["saved"] = code.saved.kind;
  }

  onLeftover(document: SharedDocument, lines: Texts): void {
    this.losses.tellLeftover(document.name, lines, "change", this.losses.shownAside(document));
  }

  onSpoilt(document: SharedDocument, reason: string): void {
    this.losses.discard(document, reason === "" ? "You may not change it." : sentence(reason), true);
    void this.rejoin.after("refusal");
  }

  private showPresence(state: ConnectionState): void {
    if (state.kind === "synchronised") this.panel.setKnown(true);
    else if (state.kind === "offline" && !this.finished) this.panel.setKnown(false);
  }

  private synchronised(): void {
    this.beginTyping();
    if (this.isFromStorage) this.arrived("change");
    else void keepPage(this.page.interview.id);
  }

  /** What was kept may be old: the server is asked what holds now. */
  private arrived(cause?: "change"): void {
    if (!this.isFromStorage) return;
    this.isFromStorage = false;
    this.status.tell({ isFromStorage: false });
    if (cause !== undefined) void this.rejoin.after(cause);
  }

  /** The form is gone and nothing has the focus: the editor takes it, unless that would open a touch keyboard. */
  private beginTyping(): void {
    const free = document.activeElement === null || document.activeElement === document.body;
    if (free && this.documents.code.writable) this.workspace.focus();
  }

  private refused(document: SharedDocument, code: number, reason: string): void {
    switch (code) {
      case CLOSE_CODES.REMOVED:
        // Who did it and why comes with the events.
        window.setTimeout(() => {
          this.end("removed", this.removal === "" ? "An interviewer has removed this device." : this.removal);
        }, REMOVAL_MS);
        break;
      case CLOSE_CODES.NO_DOCUMENT:
        if (document === this.documents.code) {
          this.end("cancelled", "The interview was cancelled, or this link no longer gives access to it.");
        } else void this.rejoin.after("refusal");
        break;
      case CLOSE_CODES.TICKET:
        if (reason === LEFT) this.end("left", "You left it in another window.");
        else void this.rejoin.after("refusal");
        break;
      default:
        this.losses.discard(document, refusalWords(code, reason));
        void this.rejoin.after("refusal");
    }
  }

  private async joinAgain(): Promise<void> {
    if (this.ended) return;
    try {
      this.rejoined(await api.join(this.page.interview.id, { ...this.request, resume: this.joined.ticket }));
    } catch (error) {
      this.rejoinFailed(error);
    }
  }

  private rejoined(joined: api.Joined): void {
    this.failures = 0;
    this.arrived();
    // The server binds a Yjs client id to its participant: another participant must not write under it.
    if (joined.participant_id !== this.joined.participant_id) {
      for (const document of this.documents.all) {
        this.losses.discard(document, "You came in again as somebody else.");
      }
    }
    this.joined = joined;
    if (joined.admission.state === "refused") this.end("refused", joined.admission.reason ?? "The room is full.");
    else this.start();
  }

  private rejoinFailed(error: unknown): void {
    const problem = error instanceof api.Problem ? error : new api.Problem(0, String(error));
    if (problem.kind === "removed") this.end("removed", this.removal === "" ? problem.message : this.removal);
    else if (problem.kind === "role-fixed" && MEMBER_ROLES[this.request.as] !== undefined) {
      this.request = { ...this.request, as: MEMBER_ROLES[this.request.as] ?? this.request.as };
      void this.rejoin.after("change");
    } else if (problem.status === 409) {
      this.showFinished();
      for (const document of this.documents.all) {
        this.losses.tell(document);
        this.losses.tellLate(document);
      }
    } else if (problem.status === 404 || problem.status === 410) this.end("cancelled", "The interview was cancelled.");
    else if (problem.status === 401) setTimeout(() => { this.end("refused", problem.message); }, SIGNED_OUT_MS);
    else if (problem.isPassing) void pause(this.failures++).then(() => this.rejoin.after("change"));
    else this.end("refused", problem.message);
  }

  private accept(event: RoomEvent): void {
    // Finish closes every connection: that is not everybody going away.
    if (!this.finished || event.kind === "snapshot" || event.kind === "interview.reopened") this.panel.accept(event);
    switch (event.kind) {
      case "snapshot":
        this.documents.setDamaged(event.snapshot.damaged);
        this.showServer(event.snapshot.is_saving);
        if (event.snapshot.status === "finished") this.showFinished();
        else if (event.snapshot.admission !== null) {
          this.acceptOwn({ kind: "admission.changed", ...event.snapshot.admission });
        }
        break;
      case "admission.changed":
      case "participant.changed":
      case "participant.removed":
        if (event.id === this.joined.participant_id) this.acceptOwn(event);
        break;
      case "saving.changed":
        this.showServer(event.is_saving);
        break;
      case "document.damaged":
        this.documents.setDamaged([...this.documents.damaged, event.document]);
        this.showServer();
        break;
      case "interview.changed":
        this.waiting?.setInstructions(event);
        break;
      case "interview.finished":
        this.showFinished(event.by.name);
        break;
      case "interview.reopened":
        if (this.finished) this.goOn();
        break;
      case "interview.cancelled":
        this.end("cancelled", "The interview was cancelled.");
        break;
      default:
    }
  }

  private showServer(isSaving?: boolean): void {
    const damaged = this.documents.damagedNames;
    this.status.tell(isSaving === undefined ? { damaged } : { damaged, isSaving });
  }

  /** What was done about this participant: the server has another answer to joining now. */
  private acceptOwn(event: OwnEvent): void {
    switch (event.kind) {
      case "admission.changed":
        if (event.state === "waiting" && this.waiting !== null) this.waiting.show(event);
        else if (event.state !== "none" && event.state !== this.joined.admission.state) void this.rejoin.after("change");
        break;
      case "participant.changed":
        this.request = { ...this.request, as: event.role };
        void this.rejoin.after("decision");
        break;
      case "participant.removed": {
        const what = event.device === null ? "you from the room" : "this device from the room";
        this.removal = `${event.by.name} has removed ${what}. ${reasonWords(event.reason)}`;
        // Of devices, only the one concerned is closed; one that waits has no connection that would be, and asks.
        if (event.device === null) this.end("removed", this.removal);
        else if (this.waiting !== null) void this.rejoin.after("decision");
      }
    }
  }

  /** The finish was undone: what did not reach the server before it does so now. */
  private goOn(): void {
    this.finished = false;
    this.losses.reopen();
    this.panel.frame.notices.querySelector(".finished")?.remove();
    this.status.resume();
    void this.rejoin.after("change");
  }

  private showFinished(by?: string): void {
    if (this.ended) return;
    if (this.waiting !== null) {
      window.location.reload();
      return;
    }
    if (!this.finished) {
      this.finished = true;
      closeDecisions("The interview is finished.");
      // The server closes the sockets itself, after the last acknowledgements.
      for (const document of this.documents.all) document.close();
      this.status.end();
    }
    this.panel.finished(by, this.page.member === null ? null : `/i/${this.page.interview.id}/replay`);
  }

  private async leave(done: boolean): Promise<void> {
    await this.documents.settled(SETTLE_MS);
    if (this.waiting === null && this.documents.hasUnsaved && !(await askLeave(this.finished))) return;
    if (this.ended) return;
    const { id } = this.page.interview;
    const { ticket } = this.joined;
    this.end("left", "");
    const { showTrouble } = this.stage;
    await patiently(() => api.leave(id, ticket, done), showTrouble).catch(() => undefined);
    showTrouble("");
  }

  /** Leaves the stage to the page. What could not be saved goes with the words, and stays here until it is put away. */
  private end(ending: Ending, words: string): void {
    if (this.ended) return;
    const unsaved = ending !== "left" && this.documents.hasUnsaved ? this.documents.text : "";
    this.ended = true;
    this.events.close();
    this.typing.end();
    for (const document of this.documents.all) document.stop(ending !== "left");
    this.watching.abort();
    // Who was removed is told so again when he reloads.
    void (ending === "left" ? forget(this.page.interview.id) : dropPage(this.page.interview.id));
    this.stage.showEnd(ending, words, unsaved);
  }
}
