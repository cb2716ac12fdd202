import "./style";
import "./pane.css";
import "./replay.css";
import "./replay_side.css";
import "./replay_low.css";
import "./lost.css";
import { replayPage, reopen } from "./api";
import { browserClock } from "./browser_clock";
import { h, icon, mount, pageConfig } from "./dom";
import { undoFinish } from "./finished_notice";
import { Player } from "./player";
import { RecordingInvalid, type Recording } from "./recording";
import { VerifiedBadge } from "./replay_badge";
import { showLeftovers } from "./leftover_notice";
import { dropPage } from "./offline_page";
import { LiveFeed } from "./replay_live";
import { failure, load, Progress, wordsOf } from "./replay_load";
import { readMoment, type Moment } from "./replay_moment";
import { ReplayStage, type StageOptions } from "./replay_stage";

interface Page {
  interview: { id: string; title: string; status: string; language: string };
  documents: { id: string; name: "Code" | "Notes" }[];
  /** For how long the finish can still be undone. */
  undo_left_ms: number;
  csp_nonce: string;
}

/** The page of one interview's replay: loads it, shows it, and stays with it while it grows. */
class ReplayPage {
  private readonly main = h("main", { id: "main", class: "replay-main" });
  private readonly state = h("span", { class: "chip replay-state" });
  private readonly toRoom: HTMLElement;
  private readonly undoPlace = h("span", { class: "row" });
  private readonly notice = h("p", { class: "replay-notice", role: "status", hidden: true });
  private readonly noNotes = h("p", { class: "replay-without", role: "status", hidden: true });
  private readonly badge = new VerifiedBadge((at_ms) => this.stage?.seek(at_ms, true));
  private stage: ReplayStage | null = null;
  private feed: LiveFeed | null = null;
  private isLive: boolean;

  constructor(private readonly page: Page) {
    this.isLive = page.interview.status !== "finished";
    this.toRoom = h(
      "a",
      { class: "button icon-narrow", href: `/i/${page.interview.id}` },
      icon("people"),
      h("span", {}, "Go to the room"),
    );
    const brand = h("span", { class: "brand-mark", "aria-hidden": "true" });
    mount("replay").replaceChildren(
      h(
        "header",
        { class: "topbar" },
        h("a", { class: "brand", href: "/", "aria-label": "All interviews" }, brand),
        h("h1", { class: "topbar-title" }, page.interview.title),
        this.state,
        this.badge.element,
        h("div", { class: "topbar-end" }, this.undoPlace, this.toRoom),
      ),
      this.notice,
      this.noNotes,
      this.badge.warning,
      this.main,
    );
    this.showState();
    this.offerUndo(page.undo_left_ms);
    if (!this.isLive) void this.showLeftovers();
  }

  /** Who was offline when it was finished has written what no recording holds. */
  private async showLeftovers(): Promise<void> {
    const { id } = this.page.interview;
    await dropPage(id);
    await showLeftovers(id, (notice) => {
      this.notice.before(notice);
    });
  }

  async open(moment: Moment): Promise<void> {
    this.feed?.stop();
    this.noNotes.hidden = true;
    const progress = new Progress();
    this.main.replaceChildren(progress.element);
    try {
      const [code, notes] = await Promise.all([
        this.load("Code", (done) => {
          progress.show(done);
        }),
        this.load("Notes", () => undefined).catch((error: unknown) => this.showNoNotes(error)),
      ]);
      if (code === null) throw new RecordingInvalid("There is no recording that you may see.");
      this.show(code, notes, moment);
    } catch (error) {
      this.stage?.destroy();
      this.stage = null;
      this.main.replaceChildren(failure(error, () => void this.open(moment)));
    }
  }

  private load(name: "Code" | "Notes", onProgress: (done: number) => void, after?: number): Promise<Recording | null> {
    const document = this.page.documents.find((each) => each.name === name);
    if (document === undefined) return Promise.resolve(null);
    return load(this.page.interview.id, document.id, onProgress, after);
  }

  private show(code: Recording, notes: Recording | null, moment: Moment): void {
    const { interview, csp_nonce } = this.page;
    const options = { language: interview.language, nonce: csp_nonce, moment, isLive: this.isLive };
    this.stage?.destroy();
    const stage = (this.stage = this.stageOf(code, notes, options));
    this.main.replaceChildren(stage.element);
    this.main.dataset["ready"] = code.document;
    Object.assign(window, { panelroomReplay: stage.probe() });
    this.badge.check(stage.documents, this.isLive);
    if (code.sealed) return;
    this.feed = new LiveFeed(
      () => this.ask(stage),
      (isLost) => {
        this.showLost(isLost);
      },
      (error) => {
        const { title, words, next } = wordsOf(error);
        this.notice.classList.add("is-lost");
        this.say(`${title} ${words} ${next} What had come until now can still be watched; this page asks for no more.`);
      },
    );
  }

  /** Without the notes if they cannot be opened. */
  private stageOf(code: Recording, notes: Recording | null, options: StageOptions): ReplayStage {
    let player: Player | null = null;
    try {
      player = notes === null ? null : new Player(notes, browserClock, () => undefined);
    } catch (error) {
      this.showNoNotes(error);
    }
    return new ReplayStage(code, player, options);
  }

  private showNoNotes(error: unknown): null {
    const { words } = wordsOf(error);
    this.noNotes.textContent = `The notes cannot be shown beside the code. ${words}`;
    this.noNotes.hidden = false;
    return null;
  }

  /** What has come since; how soon to ask again. */
  private async ask(stage: ReplayStage): Promise<"soon" | "later" | "never"> {
    const { player, notes } = stage;
    const nothing = (): void => undefined;
    const [tail, notesTail] = await Promise.all([
      this.load("Code", nothing, player.recording.entry),
      notes === null ? null : this.load("Notes", nothing, notes.recording.entry),
    ]);
    if (tail === null || stage !== this.stage) return "never";
    const last = tail.events.findLast(({ kind }) => kind === "interview.finished" || kind === "interview.reopened");
    const wasLive = this.isLive;
    if (last !== undefined) this.isLive = last.kind === "interview.reopened";
    if (stage.grow(tail, notesTail, this.isLive)) this.badge.grow(stage.documents, this.isLive);
    if (wasLive !== this.isLive) this.showState();
    if (!wasLive && this.isLive) this.say(null);
    if (wasLive && !this.isLive) {
      this.say("The interview has just finished: this is all of it.");
      const { undo_left_ms } = (await replayPage(this.page.interview.id)) as Page;
      this.offerUndo(undo_left_ms);
    }
    if (tail.sealed) return "never";
    return this.isLive ? "soon" : "later";
  }

  private showState(): void {
    this.state.textContent = this.isLive ? "Live" : "Replay";
    this.state.dataset["status"] = this.isLive ? "active" : "finished";
    this.toRoom.hidden = !this.isLive;
    if (this.isLive) this.offerUndo(0);
  }

  private offerUndo(left_ms: number): void {
    this.undoPlace.replaceChildren(...(left_ms > 0 ? [undoFinish(left_ms, () => this.undo())] : []));
  }

  private showLost(isLost: boolean): void {
    this.notice.classList.toggle("is-lost", isLost);
    if (isLost) this.say("The connection is lost. What has come until now can be watched; this page tries again by itself.");
    else this.say(null);
  }

  private say(words: string | null): void {
    this.notice.hidden = words === null;
    this.notice.textContent = words ?? "";
  }

  private async undo(): Promise<void> {
    const { id } = this.page.interview;
    await reopen(id);
    window.location.assign(`/i/${id}#interviewer`);
  }
}

void new ReplayPage(pageConfig() as Page).open(readMoment(window.location.search));
