import { h } from "./dom";
import { FIRST } from "./file";
import type { Player } from "./player";
import { drawnCarets } from "./replay_carets";
import { ReplayView } from "./replay_view";

/** The interviewers' notes beside the code: a recording of their own, by the same clock. */
export class ReplayNotes {
  readonly element: HTMLElement;
  private readonly view: ReplayView;
  private isLooking = false;

  constructor(
    private readonly player: Player,
    nonce: string,
  ) {
    this.view = new ReplayView("", {
      nonce,
      label: "Notes at this moment",
      isProse: true,
      onScroll: () => {
        this.isLooking = true;
      },
    });
    this.element = h(
      "section",
      { class: "pane replay-notes", "aria-label": "Notes" },
      h("div", { class: "pane-head" }, h("h2", {}, "Notes"), h("span", { class: "pane-hint" }, "only for interviewers")),
      h("div", { class: "replay-text is-prose" }, this.view.element),
    );
  }

  /** The reader has gone to another moment. */
  lookAgain(): void {
    this.isLooking = false;
  }

  show(at_ms: number): void {
    this.player.seekTo(at_ms);
    const change = this.player.takeChange(FIRST);
    const { who } = this.player.position();
    const carets = drawnCarets(this.player, FIRST, () => true);
    const writer = this.player.carets().find((each) => each.who === who);
    this.view.show(change, carets, change === null || this.isLooking ? null : (writer?.head ?? null));
  }

  destroy(): void {
    this.view.destroy();
  }
}
