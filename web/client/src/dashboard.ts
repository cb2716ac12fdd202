import "./dashboard.css";
import * as api from "./api";
import { announce, h, icon, mount } from "./dom";
import { InterviewTable } from "./interview_table";
import { problemWords } from "./navigation";

type Tab = api.InterviewItem["status"];

const TABS: readonly { id: Tab; name: string; empty: string }[] = [
  { id: "pending", name: "Pending", empty: "No interview is waiting. New Interview makes one and opens its room." },
  {
    id: "active",
    name: "Active",
    empty: "No interview is running. One moves here when a candidate and an interviewer have both come in.",
  },
  { id: "finished", name: "Finished", empty: "No interview is finished yet. After Finish, its replay is here." },
];

const REFRESH_MS = 4_000;
const PAGE_SIZE = "50";

/** The list of interviews: a tab, a search, and as many pages as were asked for, read again quietly. */
class Dashboard {
  private tab: Tab = TABS.find(({ id }) => `#${id}` === window.location.hash)?.id ?? "pending";
  private query = "";
  private pages = 1;
  private asked = 0;
  private refreshTimer = 0;
  private readonly problem = h("p", { class: "notice danger", role: "alert", hidden: true });
  private readonly empty = h("p", { class: "empty" });
  private readonly table = new InterviewTable();
  private readonly more = h("button", { type: "button", class: "button soft", hidden: true }, "Show more");
  private readonly create = h("button", { type: "button", class: "button primary" }, icon("plus"), "New Interview");
  private readonly search = h("input", {
    type: "search",
    id: "search",
    placeholder: "Search by candidate or title",
    autocomplete: "off",
  });
  private readonly tabs = TABS.map(({ id, name }) =>
    h(
      "button",
      { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": "interviews" },
      name,
      h("span", { class: "count" }),
    ),
  );

  constructor(root: HTMLElement) {
    const panel = h(
      "section",
      { id: "interviews", role: "tabpanel", tabindex: "-1" },
      this.empty,
      this.table.element,
      this.more,
    );
    root.append(
      h("div", { class: "place-head" }, h("h1", {}, "Interviews"), this.create),
      this.problem,
      h("div", { class: "place-tools" }, this.tabList(), this.searchBox()),
      panel,
    );
    this.create.addEventListener("click", () => void this.createInterview());
    this.more.addEventListener("click", () => {
      this.pages += 1;
      void this.refresh();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void this.refresh();
    });
    window.addEventListener("keydown", (event) => {
      const typing = event.target instanceof HTMLInputElement;
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.search.focus();
    });
    this.select(this.tab);
  }

  private tabList(): HTMLElement {
    const list = h("div", { role: "tablist", class: "tabs", "aria-label": "Stage" }, ...this.tabs);
    this.tabs.forEach((tab, at) => {
      tab.addEventListener("click", () => {
        this.select(TABS[at]?.id ?? "pending");
      });
    });
    list.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: TABS.length - 1 }[event.key];
      if (step === undefined) return;
      const next = (TABS.findIndex(({ id }) => id === this.tab) + step) % TABS.length;
      this.select(TABS[next]?.id ?? "pending");
      this.tabs[next]?.focus();
    });
    return list;
  }

  private searchBox(): HTMLElement {
    let timer = 0;
    this.search.addEventListener("input", () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        this.query = this.search.value.trim();
        this.pages = 1;
        void this.refresh();
      }, 150);
    });
    return h(
      "div",
      { class: "search", role: "search" },
      h("label", { for: "search" }, icon("search"), h("span", { class: "visually-hidden" }, "Search")),
      this.search,
    );
  }

  private select(tab: Tab): void {
    this.tab = tab;
    this.pages = 1;
    this.query = this.search.value = "";
    history.replaceState(null, "", `#${tab}`);
    this.table.show([], false);
    this.empty.textContent = "Loading…";
    this.empty.hidden = false;
    this.showTabs();
    void this.refresh();
  }

  /** With a query all stages are searched, so no tab is the selected one; the first stays in the tab order. */
  private showTabs(): void {
    TABS.forEach(({ id }, at) => {
      const selected = id === this.tab && this.query === "";
      this.tabs[at]?.setAttribute("aria-selected", String(selected));
      this.tabs[at]?.setAttribute("tabindex", id === this.tab ? "0" : "-1");
    });
    document
      .getElementById("interviews")
      ?.setAttribute("aria-labelledby", this.query === "" ? `tab-${this.tab}` : "search");
  }

  private async refresh(): Promise<void> {
    window.clearTimeout(this.refreshTimer);
    const asked = (this.asked += 1);
    try {
      const items: api.InterviewItem[] = [];
      let cursor: string | null = "";
      for (let page = 0; page < this.pages && cursor !== null; page += 1) {
        const answer = await api.listInterviews(this.wanted(cursor));
        if (asked !== this.asked) return;
        items.push(...answer.items);
        cursor = answer.next_cursor;
        this.showCounts(answer.counts);
      }
      this.show(items, cursor !== null);
    } catch (error) {
      if (asked !== this.asked) return;
      this.showProblem(error);
    }
    this.refreshTimer = window.setTimeout(() => {
      if (document.visibilityState === "visible") void this.refresh();
    }, REFRESH_MS);
  }

  private wanted(cursor: string): Record<string, string> {
    const which: Record<string, string> = this.query === "" ? { status: this.tab } : { q: this.query };
    return { ...which, limit: PAGE_SIZE, ...(cursor === "" ? {} : { cursor }) };
  }

  private show(items: api.InterviewItem[], more: boolean): void {
    this.problem.hidden = true;
    this.showTabs();
    this.table.show(items, this.query !== "");
    this.more.hidden = !more;
    this.empty.hidden = items.length > 0;
    const tab = TABS.find(({ id }) => id === this.tab);
    const nothing = this.query === "" ? (tab?.empty ?? "") : `Nothing matches “${this.query}” in any stage.`;
    if (this.empty.textContent !== nothing) this.empty.textContent = nothing;
    if (this.query !== "") announce(items.length === 1 ? "1 interview found" : `${items.length} interviews found`);
  }

  private showCounts(counts: api.InterviewList["counts"]): void {
    TABS.forEach(({ id }, at) => {
      const count = this.tabs[at]?.querySelector(".count");
      if (count) count.textContent = String(counts[id]);
    });
  }

  private showProblem(error: unknown): void {
    this.problem.textContent = `The list may be out of date. ${problemWords(error)}`;
    this.problem.hidden = false;
  }

  private async createInterview(): Promise<void> {
    this.create.disabled = true;
    try {
      const { id } = await api.createInterview();
      window.location.assign(`/i/${id}#interviewer`);
    } catch (error) {
      this.problem.textContent = `No interview was made. ${problemWords(error)}`;
      this.problem.hidden = false;
      this.create.disabled = false;
    }
  }
}

new Dashboard(mount("main"));
