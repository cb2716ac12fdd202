import "./style";
import "./pane.css";
import "./replay.css";
import "./replay_side.css";
import { reopen } from "./api";
import { h, icon, mount, pageConfig } from "./dom";
import { undoFinish } from "./finished_notice";
import { RecordingInvalid, type Recording } from "./recording";
import { VerifiedBadge } from "./replay_badge";
import { LiveFeed } from "./replay_live";
import { failure, load, Progress } from "./replay_load";
import { readMoment, type Moment } from "./replay_moment";
import { ReplayStage } from "./replay_stage";

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
  private readonly notice = h("p", { class: "replay-notice", role: "status", hidden: true });
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
    const undo = page.undo_left_ms > 0 ? undoFinish(page.undo_left_ms, () => this.undo()) : null;
    const brand = h("span", { class: "brand-mark", "aria-hidden": "true" });
    mount("replay").replaceChildren(
      h(
        "header",
        { class: "topbar" },
        h("a", { class: "brand", href: "/", "aria-label": "All interviews" }, brand),
        h("h1", { class: "topbar-title" }, page.interview.title),
        this.state,
        this.badge.element,
        h("div", { class: "topbar-end" }, undo, this.toRoom),
      ),
      this.notice,
      this.badge.warning,
      this.main,
    );
    this.showState();
  }

  async open(moment: Moment): Promise<void> {
    this.feed?.stop();
    const progress = new Progress();
    this.main.replaceChildren(progress.element);
    try {
      const [code, notes] = await Promise.all([
        this.load("Code", (done) => {
          progress.show(done);
        }),
        this.load("Notes", () => undefined),
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
    const stage = (this.stage = new ReplayStage(code, notes, options));
    this.main.replaceChildren(stage.element);
    this.main.dataset["ready"] = code.document;
    Object.assign(window, { panelroomReplay: stage.probe() });
    this.verify();
    if (code.sealed) return;
    this.feed = new LiveFeed(
      () => this.ask(stage),
      (isLost) => {
        this.showLost(isLost);
      },
    );
  }

  private verify(): void {
    if (this.stage === null) return;
    const { player, notes } = this.stage;
    this.badge.check([
      { name: "Code", recording: player.recording },
      ...(notes === null ? [] : [{ name: "Notes", recording: notes.recording }]),
    ]);
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
    stage.grow(tail, notesTail, this.isLive);
    if (wasLive !== this.isLive) this.showState();
    if (wasLive && !this.isLive) {
      this.say("The interview has just finished: this is all of it.");
      this.verify();
    }
    if (tail.sealed) return "never";
    return this.isLive ? "soon" : "later";
  }

  private showState(): void {
    this.state.textContent = this.isLive ? "Live" : "Replay";
    this.state.dataset["status"] = this.isLive ? "active" : "finished";
    this.toRoom.hidden = !this.isLive;
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
