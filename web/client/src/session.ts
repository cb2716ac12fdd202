import * as api from "./api";
import { CLOSE_CODES } from "./close_codes";
import { EditorStack } from "./editor_stack";
import { finishedNotice, takeLostFocus } from "./finished_notice";
import { Frame } from "./frame";
import type { RoomPage } from "./lobby";
import { areSame, lateNotice, lostIn, refusedNotice, together, type Texts } from "./lost_text";
import type { ConnectionState } from "./provider";
import { askFinish, askLeave, tellNotFinished } from "./questions";
import { RoomEvents, type RoomEvent } from "./room_events";
import { Roster } from "./roster";
import { SharedDocument, type DocumentWatcher } from "./shared_document";
import { Status } from "./status";
import { forget, remember, type Entry } from "./ticket";
import { Typing } from "./typing";
import { Workspace } from "./workspace";

/** More refusals than this within a minute are not met by joining again. */
const MOST_REJOINS = 5;

export type Ending = "left" | "removed" | "cancelled" | "refused";

interface Lost {
  reason: string;
  texts: Texts;
}

/** One stay in the room: its documents, its events, and what to do about every way it can be interrupted. */
export class Session implements DocumentWatcher {
  readonly frame: Frame;
  private readonly workspace: Workspace;
  private readonly documents: SharedDocument[] = [];
  private readonly roster = new Roster(() => this.joined.participant_id);
  private readonly status = new Status(() => this.documents);
  private readonly typing = new Typing(() => undefined);
  private readonly events = new RoomEvents((event) => {
    this.accept(event);
  });
  private readonly code: SharedDocument;
  private readonly notes: SharedDocument | null;
  private readonly lost = new Map<SharedDocument, Lost>();
  private readonly late = new Set<SharedDocument>();
  private rejoining = false;
  private rejoins: number[] = [];
  private ended = false;
  private finished = false;

  constructor(
    private readonly page: RoomPage,
    private joined: api.Joined,
    private readonly request: api.JoinRequest,
    private readonly onEnd: (ending: Ending, words: string, unsaved: string) => void,
  ) {
    const nonce = page.csp_nonce;
    const { language, title } = page.interview;
    this.workspace = new Workspace({ language, title, nonce, onFollow: () => undefined });
    const { pill, banner } = this.status;
    const parts = { pill, banner, roster: this.roster.element, code: this.workspace.element };
    const actions = { onLeave: () => void this.leave(), onFinish: () => void this.finish() };
    this.frame = new Frame(page, joined.role, actions, parts);
    const notesOptions = { label: "Notes for interviewers", nonce, prose: true, hint: "Private notes for the panel" };
    this.code = new SharedDocument(page.interview.id, "code", this.workspace, this, this.typing);
    const notesDesk = new EditorStack(this.frame.notes, notesOptions);
    this.notes =
      notesOf(joined) === undefined
        ? null
        : new SharedDocument(`${page.interview.id}.notes`, "notes", notesDesk, this, this.typing);
    this.documents.push(...[this.code, this.notes].filter((document) => document !== null));
    window.addEventListener("online", this.onOnline);
    window.addEventListener("offline", this.onDoubt);
    document.addEventListener("visibilitychange", this.onVisible);
    window.addEventListener("beforeunload", this.onBeforeUnload);
  }

  get entry(): Entry {
    return { ticket: this.joined.ticket, request: this.request };
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
        finished: this.finished,
      }),
    };
  }

  start(): void {
    remember(this.page.interview.id, this.entry);
    this.events.open(this.joined.events_url);
    this.connect();
  }

  onConnection(document: SharedDocument, state: ConnectionState): void {
    if (state.kind === "synchronised") {
      this.showLost(document);
      if (document === this.code) this.beginTyping();
    }
    if (state.kind === "finished") {
      this.showFinished();
      this.showLate(document);
    }
    if (state.kind === "refused") this.refused(document, state.code, state.reason);
    if (document === this.code) this.showPresence(state);
    this.onSaved();
  }

  onSaved(): void {
    this.status.refresh();
    this.frame.element.dataset["connection"] = this.code.connection.kind;
    this.frame.element.dataset["saved"] = this.code.saved.kind;
  }

  onSpoilt(document: SharedDocument, reason: string): void {
    this.discard(document, reason === "" ? "You may not change it." : sentence(reason));
    void this.rejoin();
  }

  private showPresence(state: ConnectionState): void {
    if (this.finished) this.roster.setPresence("over");
    else if (state.kind === "synchronised") this.roster.setPresence("known");
    else if (state.kind === "offline") this.roster.setPresence("unknown");
  }

  /** The form is gone and nothing has the focus: the editor takes it, unless that would open a touch keyboard. */
  private beginTyping(): void {
    const free = document.activeElement === null || document.activeElement === document.body;
    if (free && this.code.writable) this.workspace.focus();
  }

  private connect(): void {
    const code = this.joined.documents.find(({ id }) => id === this.page.interview.id);
    const notes = notesOf(this.joined);
    if (code !== undefined) this.code.connect(code.url, code.may_write);
    if (notes !== undefined) this.notes?.connect(notes.url, notes.may_write);
  }

  private refused(document: SharedDocument, code: number, reason: string): void {
    switch (code) {
      case CLOSE_CODES.REMOVED:
        this.end("removed", "An interviewer has removed this device from the room.");
        break;
      case CLOSE_CODES.NO_DOCUMENT:
        this.end("cancelled", "The interview was cancelled, or this link no longer gives access to it.");
        break;
      case CLOSE_CODES.TICKET:
        void this.rejoin();
        break;
      default:
        this.discard(document, wordsFor(code, reason));
        void this.rejoin();
    }
  }

  private discard(document: SharedDocument, reason: string): void {
    this.lost.set(document, { reason, texts: document.texts() });
    document.discard();
  }

  private showLost(document: SharedDocument): void {
    const lost = this.lost.get(document);
    if (lost === undefined) return;
    this.lost.delete(document);
    if (areSame(lost.texts, document.texts())) return;
    const text = lostIn(lost.texts, document.texts());
    this.frame.notices.append(refusedNotice(document.name, lost.reason, text));
  }

  /** A fresh ticket for the same participant. The documents stay, unless the server makes another participant of us. */
  private async rejoin(): Promise<void> {
    if (this.rejoining || this.ended) return;
    const now = performance.now();
    this.rejoins = [...this.rejoins.filter((at) => now - at < 60_000), now];
    if (this.rejoins.length > MOST_REJOINS) {
      this.end("refused", "The server has closed this room for you several times in a row.");
      return;
    }
    this.rejoining = true;
    try {
      const joined = await api.join(this.page.interview.id, { ...this.request, resume: this.joined.ticket });
      this.rejoined(joined);
    } catch (error) {
      this.rejoinFailed(error);
    } finally {
      this.rejoining = false;
    }
  }

  private rejoined(joined: api.Joined): void {
    // The server binds a Yjs client id to its participant: another participant must not write under it.
    if (joined.participant_id !== this.joined.participant_id) {
      for (const document of this.documents) this.discard(document, "You came in again as somebody else.");
    }
    this.joined = joined;
    if (joined.documents.length === 0) {
      this.end("refused", admissionWords(joined));
      return;
    }
    this.start();
  }

  private rejoinFailed(error: unknown): void {
    const problem = error instanceof api.Problem ? error : new api.Problem(0, String(error));
    if (problem.status === 409) {
      this.showFinished();
      for (const document of this.documents) {
        this.showLost(document);
        this.showLate(document);
      }
    } else if (problem.status === 404 || problem.status === 410) this.end("cancelled", "The interview was cancelled.");
    else if (problem.status === 0 || problem.status >= 500 || problem.status === 429) {
      window.setTimeout(() => void this.rejoin(), 15_000);
    } else this.end("refused", problem.message);
  }

  private accept(event: RoomEvent): void {
    // Finish closes every connection: that is not everybody going away.
    if (!this.finished || event.kind === "snapshot") this.roster.accept(event);
    switch (event.kind) {
      case "snapshot":
        this.frame.setStage(event.snapshot.status);
        if (event.snapshot.status === "finished") this.showFinished();
        break;
      case "interview.active":
        this.frame.setStage("active");
        break;
      case "interview.finished":
        this.showFinished(event.by.name);
        break;
      case "interview.reopened":
        if (this.finished) window.location.reload();
        break;
      case "interview.cancelled":
        this.end("cancelled", "The interview was cancelled.");
        break;
      default:
    }
  }

  private showFinished(by?: string): void {
    if (this.finished || this.ended) return;
    this.finished = true;
    // The server closes the sockets itself, after the last acknowledgements.
    for (const document of this.documents) document.close();
    this.frame.setStage("finished");
    this.roster.setPresence("over");
    this.status.end();
    const replay = this.page.member === null ? null : `/i/${this.page.interview.id}/replay`;
    const notice = finishedNotice(by, replay);
    this.frame.notices.prepend(notice);
    takeLostFocus(notice);
  }

  /** What had not reached the server when the interview was finished is in no recording. */
  private showLate(document: SharedDocument): void {
    if (this.late.has(document) || document.saved.kind === "saved" || document.saved.changes === 0) return;
    this.late.add(document);
    this.frame.notices.append(lateNotice(document.name, together(document.texts())));
  }

  private async finish(): Promise<void> {
    const others = this.roster.connected.filter((person) => person.id !== this.joined.participant_id);
    if (!(await askFinish(others))) return;
    try {
      await api.finish(this.page.interview.id);
      this.showFinished();
    } catch (error) {
      await tellNotFinished(error instanceof Error ? error.message : String(error));
    }
  }

  private async leave(): Promise<void> {
    if (this.hasUnsaved() && !(await askLeave())) return;
    forget(this.page.interview.id);
    const { ticket } = this.joined;
    this.end("left", "");
    await api.leave(this.page.interview.id, ticket).catch(() => undefined);
  }

  /** Leaves the stage to the page. What could not be saved goes with the words. */
  private end(ending: Ending, words: string): void {
    if (this.ended) return;
    const unsaved = ending !== "left" && this.hasUnsaved() ? this.texts().join("\n\n") : "";
    this.ended = true;
    if (ending !== "left") forget(this.page.interview.id);
    this.events.close();
    this.typing.end();
    for (const document of this.documents) document.stop();
    window.removeEventListener("online", this.onOnline);
    window.removeEventListener("offline", this.onDoubt);
    document.removeEventListener("visibilitychange", this.onVisible);
    window.removeEventListener("beforeunload", this.onBeforeUnload);
    this.onEnd(ending, words, unsaved);
  }

  private hasUnsaved(): boolean {
    if (this.ended) return false;
    return this.lost.size > 0 || this.documents.some(({ saved }) => saved.kind !== "saved" && saved.changes > 0);
  }

  /** What is here, or was until a refusal of which nobody has been told yet. */
  private texts(): string[] {
    return this.documents.map((document) => together(this.lost.get(document)?.texts ?? document.texts()));
  }

  private readonly onWake = (): void => {
    for (const document of this.documents) document.wake();
  };

  private readonly onOnline = (): void => {
    this.onWake();
    this.events.open(this.joined.events_url);
  };

  private readonly onDoubt = (): void => {
    for (const document of this.documents) document.probe();
  };

  private readonly onVisible = (): void => {
    if (document.visibilityState === "visible") this.onWake();
  };

  private readonly onBeforeUnload = (event: BeforeUnloadEvent): void => {
    if (this.hasUnsaved()) event.preventDefault();
  };
}

function notesOf(joined: api.Joined): api.Joined["documents"][number] | undefined {
  return joined.documents.find(({ id }) => id.endsWith(".notes"));
}

function wordsFor(code: number, reason: string): string {
  if (code === CLOSE_CODES.LIMIT || code === CLOSE_CODES.TOO_BIG)
    return "It was more than this room takes; smaller pieces will do.";
  if (code === CLOSE_CODES.INVALID || reason === "")
    return "The server could not read what this page sent; that is a fault of the page and not yours.";
  return sentence(reason);
}

function sentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
}

export function admissionWords({ admission }: api.Joined): string {
  if (admission.state === "waiting") return `The room is full. You are number ${admission.place ?? 1} in the line.`;
  return admission.reason ?? "The room is full.";
}
