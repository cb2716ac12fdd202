import "./dashboard.css";
import { listInterviews, type Counts, type InterviewItem, type Stage } from "./agenda";
import { Creation } from "./creation";
import { Feed } from "./dashboard_feed";
import { announce, h, mount } from "./dom";
import { wordsOf } from "./found";
import { askCancel, askInterviewers, askStart, askTitle } from "./interview_change";
import { STAGE_NAMES, wayIn } from "./interview_row";
import { InterviewTable } from "./interview_table";
import type { MenuItem } from "./menu";
import { may, problemWords, shell, signOut } from "./navigation";
import { Pager } from "./pager";
import { Palette, type Command } from "./palette";
import { preferences } from "./preferences";
import { SearchBox } from "./search_box";
import { COMMAND_KEYS, showShortcuts } from "./shortcuts";
import { STAGES, StageTabs } from "./stage_tabs";
import { welcome } from "./welcome";

const EMPTY: Record<Stage, string> = {
  pending: "No interview is waiting. New Interview makes one and opens its room.",
  active: "No interview is running. One moves here when a candidate and an interviewer have both come in.",
  finished: "No interview is finished yet. After Finish, its replay is here.",
};

const NOTHING_ASSIGNED = "No interview of yours is here. You see those that are assigned to you.";

const PAGE_SIZE = 50;
const MOST_FOUND = "8";

/** The list of interviews: a stage or a search, in pages, read again when something in it changes. */
class Dashboard {
  private stage: Stage = STAGES.find((stage) => `#${stage}` === window.location.hash) ?? "pending";
  private query = "";
  /** With a query: only what is found in the stage. */
  private isNarrowed = false;
  private asked = 0;
  /** The query of which it was said how much it finds. */
  private told = "";
  /** Made here, just now. */
  private fresh: ReadonlySet<string> = new Set();
  private readonly mayCreate = may("create_interview");
  private readonly mayChange = may("change_interview");
  private readonly problem = h("div", { class: "notice danger", role: "alert", hidden: true });
  private readonly stale = h("p", { class: "notice warn", role: "alert", hidden: true });
  private readonly empty = h("div", { class: "empty" }, "Loading…");
  private readonly pager = new Pager(PAGE_SIZE, () => {
    void this.refresh().then(() => { this.panel.scrollIntoView({ block: "start" }); });
  });
  private readonly tabs = new StageTabs((stage) => {
    this.select(stage, this.query);
  });
  private readonly search = new SearchBox(
    "Search",
    "Candidate, title or interviewer",
    (query) => {
      this.find(query);
    },
    "/",
  );
  private readonly creation = new Creation({
    onMade: (items) => {
      this.made(items);
    },
    onProblem: (words, error) => {
      this.tell(words, error);
    },
    onClose: () => {
      this.panel.focus();
    },
  });
  private readonly table = new InterviewTable({
    menu: this.mayChange ? (item) => this.menu(item) : null,
    onTicks: () => {
      this.showTicks();
    },
    onKey: (key, item) => {
      if (!this.mayChange) return;
      if (key === "F2") void this.changed(askTitle(item));
      else void this.cancel(this.table.ticked.length > 0 ? this.table.ticked : [item]);
    },
  });
  private readonly ticked = h("span", { role: "status" });
  private readonly selection = h(
    "div",
    { class: "selection", role: "region", "aria-label": "Ticked interviews", hidden: true },
    this.ticked,
  );
  private readonly panel = h("section", { id: "interviews", role: "tabpanel", tabindex: "-1" });

  constructor(root: HTMLElement) {
    this.panel.append(this.empty, this.table.element, this.pager.element, this.selection);
    this.selection.append(
      this.button("Delete", "danger", () => void this.cancel(this.table.ticked)),
      this.button("Untick all", "soft", () => {
        this.table.tick([]);
        this.panel.focus();
      }),
    );
    root.append(
      h("div", { class: "place-head" }, h("h1", {}, "Interviews"), this.ways()),
      this.problem,
      this.stale,
      this.creation.ready.element,
      h("div", { class: "place-tools" }, this.tabs.element, this.search.element),
      this.panel,
    );
    window.addEventListener("keydown", (event) => {
      this.onKey(event);
    });
    const found = /^#q=(.*)$/.exec(window.location.hash)?.[1];
    this.search.value = found === undefined ? "" : decoded(found);
    this.select(this.stage, this.search.value, false);
    new Feed(
      ["interviews", "members"],
      () => void this.refresh(),
      (counts) => {
        if (this.query === "") this.tabs.showCounts(counts);
      },
    );
  }

  private ways(): HTMLElement {
    const commands = this.button("Commands", "quiet commands", () => {
      this.openPalette();
    });
    commands.append(h("kbd", {}, COMMAND_KEYS));
    commands.setAttribute("aria-keyshortcuts", "Control+K Meta+K");
    return h("div", { class: "row dashboard-ways" }, commands, ...(this.mayCreate ? this.creation.buttons : []));
  }

  private button(label: string, style: string, onClick: () => void): HTMLButtonElement {
    const button = h("button", { type: "button", class: `button ${style}` }, h("span", {}, label));
    button.addEventListener("click", onClick);
    return button;
  }

  /** Their rows appear among those that wait, and their links above. */
  private made(items: InterviewItem[]): void {
    this.problem.hidden = true;
    this.fresh = new Set(items.map(({ id }) => id));
    this.showStage("pending");
  }

  private async changed(answer: Promise<boolean>): Promise<void> {
    if (await answer) await this.refresh();
  }

  private async cancel(items: readonly InterviewItem[]): Promise<void> {
    if (items.length === 0 || items.some(({ status }) => status === "finished")) return;
    this.problem.hidden = true;
    const answers = await askCancel(items);
    if (answers === null) return;
    const failed = new Map(answers.filter(({ ok }) => !ok).map(({ id, problem }) => [id, problem?.detail ?? problem?.title ?? ""]));
    const done = items.length - failed.size;
    this.creation.ready.withdraw(new Set(answers.filter(({ ok }) => ok).map(({ id }) => id)));
    await this.refresh();
    this.table.tick([...failed.keys()]);
    const words = `${done === 1 ? "1 interview is" : `${done} interviews are`} deleted.`;
    announce(words);
    if (failed.size > 0) {
      const rows = items.filter(({ id }) => failed.has(id)).map(({ id, title }) =>
        h("li", {}, h("bdi", {}, title), `: ${failed.get(id) ?? ""}`),
      );
      const rest = failed.size === 1 ? "This one is not:" : `These ${failed.size} are not:`;
      this.problem.replaceChildren(h("p", {}, done === 0 ? rest : `${words} ${rest}`), h("ul", { class: "names" }, ...rows));
      this.problem.hidden = false;
    }
    if (document.activeElement === null || document.activeElement === document.body || this.selection.hidden) this.panel.focus();
  }

  private menu(item: InterviewItem): MenuItem[] {
    const rename = { label: "Rename…", onChoose: () => void this.changed(askTitle(item)) };
    const copy = { label: "Duplicate", onChoose: () => void this.creation.duplicate(item) };
    const copies = this.mayCreate ? [copy] : [];
    if (item.status === "finished") return [rename, ...copies];
    return [
      rename,
      { label: "Reschedule…", onChoose: () => void this.changed(askStart(item)) },
      { label: "Interviewers…", onChoose: () => void this.changed(askInterviewers(item)) },
      ...copies,
      { label: "Delete…", isDangerous: true, onChoose: () => void this.cancel([item]) },
    ];
  }

  private showStage(stage: Stage): void {
    this.search.value = "";
    this.select(stage, "");
  }

  private find(query: string): void {
    this.isNarrowed = false;
    this.select(this.stage, query, false);
  }

  private select(stage: Stage, query: string, isNarrowed = query !== ""): void {
    this.stage = stage;
    this.query = query;
    this.isNarrowed = isNarrowed && query !== "";
    this.pager.reset();
    history.replaceState(null, "", query === "" ? `#${stage}` : `#q=${encodeURIComponent(query)}`);
    this.showPlace();
    void this.refresh();
  }

  private get isOneStage(): boolean {
    return this.query === "" || this.isNarrowed;
  }

  private showPlace(): void {
    this.tabs.show(this.stage, this.isOneStage);
    this.panel.setAttribute("aria-labelledby", this.isOneStage ? `tab-${this.stage}` : "search");
  }

  /** What was asked last is shown. Of many changes at once, all but the last are passed over. */
  private async refresh(): Promise<void> {
    const asked = (this.asked += 1);
    try {
      const page = await listInterviews(this.wanted());
      if (asked !== this.asked) return;
      if (page.items.length === 0 && this.pager.back()) {
        await this.refresh();
        return;
      }
      this.stale.hidden = true;
      this.show(page.items, page.counts, page.next_cursor);
    } catch (error) {
      if (asked !== this.asked) return;
      this.stale.textContent = `The list may be out of date. ${problemWords(error)}`;
      this.stale.hidden = false;
    }
  }

  private wanted(): Record<string, string> {
    const { cursor } = this.pager;
    return {
      limit: String(PAGE_SIZE),
      ...(this.isOneStage ? { status: this.stage } : {}),
      ...(this.query === "" ? {} : { q: this.query }),
      ...(cursor === "" ? {} : { cursor }),
    };
  }

  private show(items: InterviewItem[], counts: Counts, next: string | null): void {
    const total = STAGES.reduce((sum, stage) => sum + counts[stage], 0);
    const shown = this.isOneStage ? counts[this.stage] : total;
    this.tabs.showCounts(counts);
    this.table.show(items, this.query === "" ? null : wordsOf(this.query), this.fresh);
    this.pager.show(items.length, shown, next);
    this.empty.hidden = items.length > 0;
    if (items.length === 0) this.showNothing(total);
    if (this.query !== this.told) announce(total === 1 ? "1 interview found" : `${total} interviews found`);
    this.told = this.query;
  }

  private showNothing(total: number): void {
    const isWelcome = this.query === "" && total === 0 && this.mayCreate;
    this.empty.classList.toggle("is-welcome", isWelcome);
    if (isWelcome) {
      if (this.empty.querySelector(".welcome") === null) {
        this.empty.replaceChildren(welcome((words, error) => { this.tell(words, error); }));
      }
    } else if (this.query !== "") {
      const where = this.isNarrowed ? `under ${STAGE_NAMES[this.stage]}` : "in any stage";
      const advice = "Part of a name, a title or an e-mail address is enough.";
      this.empty.replaceChildren(h("p", {}, `Nothing matches “${this.query}” ${where}. ${advice}`));
    } else {
      this.empty.replaceChildren(h("p", {}, this.mayCreate ? EMPTY[this.stage] : NOTHING_ASSIGNED));
    }
  }

  private showTicks(): void {
    const { length } = this.table.ticked;
    const words = length === 0 ? "" : `${length} ticked`;
    if (this.ticked.textContent !== words) this.ticked.textContent = words;
    this.selection.hidden = length === 0;
  }

  private tell(words: string, error: unknown): void {
    this.problem.replaceChildren(h("p", {}, `${words} ${problemWords(error)}`));
    this.problem.hidden = false;
  }

  private onKey(event: KeyboardEvent): void {
    if (document.querySelector("dialog[open]") !== null) return;
    const isTyping = event.target instanceof HTMLElement && event.target.matches("input:not([type=checkbox]), select, textarea");
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.openPalette();
    } else if (event.key === "/" && preferences().slash && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this.search.focus();
    }
  }

  private openPalette(): void {
    new Palette(this.commands(), async (query) => {
      const { items } = await listInterviews({ q: query, limit: MOST_FOUND });
      return items.map((item) => {
        const { label, href } = wayIn(item);
        const detail = [STAGE_NAMES[item.status], item.candidate.name].filter(Boolean).join(" · ");
        return goTo(`${label}: ${item.title}`, href, detail);
      });
    });
  }

  /** First what concerns the row that the keyboard is in. */
  private commands(): Command[] {
    const item = this.table.focused;
    const { ticked } = this.table;
    const ofRow = item === null || !this.mayChange ? [] : this.menu(item);
    const keys: Partial<Record<string, string>> = { "Rename…": "F2", "Delete…": "Delete" };
    const row = ofRow.map(({ label, onChoose }): Command => ({
      name: label,
      detail: item?.title ?? "",
      run: onChoose,
      ...(keys[label] === undefined ? {} : { keys: keys[label] }),
    }));
    const all: Command = {
      name: ticked.length === 1 ? "Delete the ticked interview" : `Delete the ${ticked.length} ticked interviews`,
      run: () => void this.cancel(ticked),
    };
    return [
      ...(ticked.length > 0 ? [all] : []),
      ...row,
      ...(this.mayCreate ? this.creation.commands : []),
      { name: "Search interviews", keys: "/", run: () => { this.search.focus(); } },
      ...STAGES.map((stage): Command => ({ name: `Show ${STAGE_NAMES[stage]}`, run: () => { this.showStage(stage); } })),
      ...shell.places.filter(({ path }) => path !== "/").map(({ path, name }) => goTo(`Go to ${name}`, path)),
      { name: "Keyboard shortcuts", run: () => void showShortcuts() },
      { name: "Sign out", run: () => void signOut() },
    ];
  }
}

function goTo(name: string, path: string, detail = ""): Command {
  const run = (): void => {
    window.location.assign(path);
  };
  return { name, detail, run };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

new Dashboard(mount("main"));
