import type { Counts, Stage } from "./agenda";
import { h } from "./dom";
import { STAGE_NAMES } from "./interview_row";

export const STAGES: readonly Stage[] = ["pending", "active", "finished"];

/** A tab for each stage, with how many interviews are in it. None is selected while all of them are searched. */
export class StageTabs {
  private current: Stage = "pending";
  private readonly tabs = STAGES.map((stage) =>
    h(
      "button",
      { type: "button", role: "tab", id: `tab-${stage}`, "aria-controls": "interviews" },
      STAGE_NAMES[stage],
      h("span", { class: "count" }),
    ),
  );
  readonly element = h("div", { role: "tablist", class: "tabs", "aria-label": "Stage" }, ...this.tabs);

  constructor(choose: (stage: Stage) => void) {
    this.tabs.forEach((tab, at) => {
      tab.addEventListener("click", () => {
        choose(STAGES[at] ?? "pending");
      });
    });
    this.element.addEventListener("keydown", (event) => {
      const at = STAGES.indexOf(this.current);
      const next: Partial<Record<string, number>> = {
        ArrowRight: (at + 1) % STAGES.length,
        ArrowLeft: (at + STAGES.length - 1) % STAGES.length,
        Home: 0,
        End: STAGES.length - 1,
      };
      const to = next[event.key];
      if (to === undefined) return;
      event.preventDefault();
      choose(STAGES[to] ?? "pending");
      this.tabs[to]?.focus();
    });
  }

  /** The current one stays in the tab order, selected or not. */
  show(current: Stage, isSelected: boolean): void {
    this.current = current;
    STAGES.forEach((stage, at) => {
      this.tabs[at]?.setAttribute("aria-selected", String(isSelected && stage === current));
      this.tabs[at]?.setAttribute("tabindex", stage === current ? "0" : "-1");
    });
  }

  showCounts(counts: Counts): void {
    STAGES.forEach((stage, at) => {
      const count = this.tabs[at]?.querySelector(".count");
      if (count) count.textContent = String(counts[stage]);
    });
  }
}
