import * as api from "./api";
import { CLOSE_CODES } from "./close_codes";
import { closeDecisions } from "./dialog";
import { EditorStack } from "./editor_stack";
import type { RoomPage } from "./lobby";
import { Losses, refusalWords, sentence } from "./losses";
import type { ConnectionState } from "./provider";
import { reasonWords } from "./own_notice";
import { Panel } from "./panel";
import { askLeave } from "./questions";
import { RoomEvents, type RoomEvent } from "./room_events";
import { SharedDocument, type DocumentWatcher } from "./shared_document";
import { Status } from "./status";
import { forget, remember } from "./ticket";
import { Turn } from "./turn";
import { Typing } from "./typing";
import { Waiting } from "./waiting";
import { Workspace } from "./workspace";

/** For so long the events may be behind the closing of a socket. */
const REMOVAL_MS = 1_000;
/** The reason with which the server closes all the sockets of who has left. */
const LEFT = "left";
/** More refusals than this within a minute are not met by joining again. */
const MOST_REJOINS = 5;

const MEMBER_ROLES: Partial<Record<api.Role, api.Role>> = { interviewer: "observer", observer: "interviewer" };

type OwnEvent = Extract<RoomEvent, { kind: "admission.changed" | "participant.changed" | "participant.removed" }>;

export type Ending = "left" | "removed" | "cancelled" | "refused";

/** One stay in the room: its documents, its events, and what to do about every way it can be interrupted. */
export class Session implements DocumentWatcher {
  private readonly workspace: Workspace;
  private documents: SharedDocument[] = [];
  private readonly panel: Panel;
  private waiting: Waiting | null = null;
  private readonly status = new Status(() => this.documents);
  private readonly typing = new Typing((participants) => {
    this.panel.setTyping(participants);
  });
  private readonly events = new RoomEvents((event) => {
    this.accept(event);
  });
  private readonly code: SharedDocument;
  /** Interviewers alone have them: they come and go with the role. */
  private notes: SharedDocument | null = null;
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

  constructor(
    private readonly page: RoomPage,
    private joined: api.Joined,
    private request: api.JoinRequest,
    /** Something else stands on the page now: the room, or the card in front of it. */
    private readonly onView: (element: HTMLElement, isCard: boolean) => void,
    private readonly onEnd: (ending: Ending, words: string, unsaved: string) => void,
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
    this.code = new SharedDocument(page.interview.id, "code", language, this.workspace, this, this.typing);
    this.documents = [this.code];
    this.watchPage(this.watching.signal);
  }

  /** For tests: nothing in the page reads it. */
  probe(): { text: (name?: string) => string | undefined; notes: () => string | null; state: () => object } {
    return {
      text: (name) =>
        name === undefined
          ? this.code.text()
          : [...this.code.texts().values()].find((file) => file.name === name)?.text,
      notes: () => this.notes?.text() ?? null,
      state: () => ({
        connection: this.code.connection.kind,
        saved: this.code.saved,
        participant_id: this.joined.participant_id,
        role: this.joined.role,
        admission: this.joined.admission.state,
        finished: this.finished,
      }),
    };
  }

  start(): void {
    remember(this.page.interview.id, { ticket: this.joined.ticket, request: this.request });
    this.events.open(this.joined.events_url);
    const { admission, documents } = this.joined;
    if (documents.length === 0) {
      if (this.waiting === null) {
        this.waiting = new Waiting(this.page, () => void this.leave(false));
        this.onView(this.waiting.element, true);
      }
      this.waiting.show(admission);
      return;
    }
    this.waiting = null;
    this.panel.rejoined();
    this.onView(this.panel.frame.element, false);
    this.connect();
  }

  onConnection(document: SharedDocument, state: ConnectionState): void {
    if (state.kind === "synchronised") {
      this.losses.tell(document);
      if (document === this.code) this.beginTyping();
    }
    if (state.kind === "finished") {
      this.showFinished();
      this.losses.tellLate(document);
    }
    if (state.kind === "refused") this.refused(document, state.code, state.reason);
    if (document === this.code) this.showPresence(state);
    this.onSaved();
  }

  onSaved(): void {
    this.status.refresh();
    this.panel.frame.element.dataset["connection"] = this.code.connection.kind;
    this.panel.frame.element.dataset["saved"] = this.code.saved.kind;
  }

  onSpoilt(document: SharedDocument, reason: string): void {
    this.losses.discard(document, reason === "" ? "You may not change it." : sentence(reason), true);
    void this.rejoin.after("refusal");
  }

  private showPresence(state: ConnectionState): void {
    if (state.kind === "synchronised") this.panel.setKnown(true);
    else if (state.kind === "offline" && !this.finished) this.panel.setKnown(false);
  }

  /** The form is gone and nothing has the focus: the editor takes it, unless that would open a touch keyboard. */
  private beginTyping(): void {
    const free = document.activeElement === null || document.activeElement === document.body;
    if (free && this.code.writable) this.workspace.focus();
  }

  private connect(): void {
    const code = this.joined.documents.find(({ id }) => id === this.page.interview.id);
    if (code !== undefined) this.open(this.code, code);
    this.workspace.setWritable(this.code.writable);
    if (this.code.writable) this.losses.permitted();
    const notes = this.joined.documents.find(({ id }) => id.endsWith(".notes"));
    if (notes === undefined) this.dropNotes();
    else this.open((this.notes ??= this.takeNotes(notes.id)), notes);
  }

  private takeNotes(id: string): SharedDocument {
    const label = "Notes for interviewers";
    const options = { label, nonce: this.page.csp_nonce, prose: true, hint: "Private notes for the panel" };
    const desk = new EditorStack(this.panel.frame.notes, options);
    const notes = new SharedDocument(id, "notes", "text", desk, this, this.typing);
    this.documents = [this.code, notes];
    return notes;
  }

  private dropNotes(): void {
    if (this.notes === null) return;
    this.losses.withdraw(this.notes);
    this.notes.stop();
    this.notes = null;
    this.documents = [this.code];
    this.panel.frame.notes.replaceChildren();
  }

  /** The server has already told an open connection what it may do now. */
  private open(document: SharedDocument, { url, may_write }: api.Joined["documents"][number]): void {
    const { kind } = document.connection;
    if (kind === "synchronised" || kind === "connecting") document.permit(may_write);
    else document.connect(url, may_write);
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
        if (document === this.code) {
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
      const joined = await api.join(this.page.interview.id, { ...this.request, resume: this.joined.ticket });
      this.rejoined(joined);
    } catch (error) {
      this.rejoinFailed(error);
    }
  }

  private rejoined(joined: api.Joined): void {
    // The server binds a Yjs client id to its participant: another participant must not write under it.
    if (joined.participant_id !== this.joined.participant_id) {
      for (const document of this.documents) this.losses.discard(document, "You came in again as somebody else.");
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
      for (const document of this.documents) {
        this.losses.tell(document);
        this.losses.tellLate(document);
      }
    } else if (problem.status === 404 || problem.status === 410) this.end("cancelled", "The interview was cancelled.");
    else if (problem.status === 0 || problem.status >= 500 || problem.status === 429) {
      window.setTimeout(() => void this.rejoin.after("change"), 15_000);
    } else this.end("refused", problem.message);
  }

  private accept(event: RoomEvent): void {
    // Finish closes every connection: that is not everybody going away.
    if (!this.finished || event.kind === "snapshot" || event.kind === "interview.reopened") this.panel.accept(event);
    switch (event.kind) {
      case "snapshot":
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
      for (const document of this.documents) document.close();
      this.status.end();
    }
    this.panel.finished(by, this.page.member === null ? null : `/i/${this.page.interview.id}/replay`);
  }

  private async leave(done: boolean): Promise<void> {
    if (this.hasUnsaved() && !(await askLeave())) return;
    forget(this.page.interview.id);
    const { ticket } = this.joined;
    this.end("left", "");
    await api.leave(this.page.interview.id, ticket, done).catch(() => undefined);
  }

  /** Leaves the stage to the page. What could not be saved goes with the words. */
  private end(ending: Ending, words: string): void {
    if (this.ended) return;
    const unsaved = ending !== "left" && this.hasUnsaved() ? this.texts() : "";
    this.ended = true;
    // Who was removed is told so again when he reloads.
    if (ending === "cancelled" || ending === "refused") forget(this.page.interview.id);
    this.events.close();
    this.typing.end();
    for (const document of this.documents) document.stop();
    this.watching.abort();
    this.onEnd(ending, words, unsaved);
  }

  private hasUnsaved(): boolean {
    if (this.ended) return false;
    return !this.losses.isEmpty || this.documents.some(({ saved }) => saved.kind !== "saved" && saved.changes > 0);
  }

  private texts(): string {
    return this.documents.map((document) => this.losses.textOf(document)).join("\n\n");
  }

  private watchPage(signal: AbortSignal): void {
    const wake = (): void => {
      for (const document of this.documents) document.wake();
    };
    const on = (target: EventTarget, kind: string, call: (event: Event) => void): void => {
      target.addEventListener(kind, call, { signal });
    };
    on(window, "online", () => {
      wake();
      this.events.open(this.joined.events_url);
    });
    on(window, "offline", () => {
      for (const document of this.documents) document.probe();
    });
    on(document, "visibilitychange", () => {
      if (document.visibilityState === "visible") wake();
    });
    on(window, "beforeunload", (event) => {
      if (this.hasUnsaved()) event.preventDefault();
    });
  }
}
