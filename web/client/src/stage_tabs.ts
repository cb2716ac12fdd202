import type { Counts, Stage } from "./agenda";
import { h } from "./dom";
import { STAGE_NAMES } from "./interview_row";
import { listenToTabs, markTabs } from "./tabs";

export const STAGES: readonly Stage[] = ["pending", "active", "finished"];

/** A tab for each stage, with how many interviews are in it. None is selected while all of them are searched. */
export class StageTabs {
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
    listenToTabs(this.element, this.tabs, (at) => {
      choose(STAGES[at] ?? "pending");
    });
  }

  show(current: Stage, isSelected: boolean): void {
    markTabs(this.tabs, STAGES.indexOf(current), isSelected);
  }

  showCounts(counts: Counts): void {
    STAGES.forEach((stage, at) => {
      const count = this.tabs[at]?.querySelector(".count");
      if (count) count.textContent = String(counts[stage]);
    });
  }
}
