import type { Assigned, InterviewItem, Place, Stage } from "./agenda";
import { copyButton } from "./clipboard";
import { h, icon } from "./dom";
import { fold, marked } from "./found";
import { STATE_WORDS } from "./interview_change";
import { ownZone } from "./moment";
import { dateWords } from "./wall_clock";

export const STAGE_NAMES: Record<Stage, string> = { pending: "Pending", active: "Active", finished: "Finished" };

const PLACE_NAMES: Record<Place, string> = {
  title: "the title",
  candidate: "the candidate’s name",
  email: "the candidate’s e-mail",
  interviewer: "the interviewers",
};

const AND = new Intl.ListFormat("en");

/** More of them make one row as high as many. */
const MOST_INTERVIEWERS = 3;

/** Run for what goes on, the replay for what is over. */
export function wayIn({ id, status }: InterviewItem): { label: string; href: string } {
  if (status === "finished") return { label: "View Replay", href: `/i/${id}/replay` };
  return { label: "Run", href: `/i/${id}#interviewer` };
}

/** `words`: of a search, to be marked. `data-control` names what the keyboard moves between. */
export function drawRow(
  item: InterviewItem,
  words: readonly string[],
  tick: HTMLInputElement | null,
  menu: HTMLButtonElement | null,
): HTMLTableRowElement {
  const { label, href } = wayIn(item);
  const open = h("a", { class: "button", href, "data-control": "open", "aria-label": `${label}: ${item.title}` }, label);
  const title = h("a", { href: href.replace(/#.*/, ""), "data-control": "title", dir: "auto" }, ...marked(item.title, words));
  const copy = copyButton("Copy", () => item.url, "button icon-narrow");
  copy.setAttribute("aria-label", `Copy the link of ${item.title}`);
  copy.dataset["control"] = "copy";
  if (menu !== null) menu.dataset["control"] = "menu";
  return h(
    "tr",
    { "data-id": item.id },
    h("td", { class: "list-tick" }, tick),
    h("td", { class: "list-title" }, title, series(item), foundWords(item, words)),
    h("td", { class: "list-candidate" }, candidate(item, words)),
    h("td", { class: "list-interviewers" }, ...interviewers(item.assigned, words)),
    h("td", { class: "list-stage" }, h("span", { class: "chip", "data-status": item.status }, STAGE_NAMES[item.status])),
    h("td", { class: "list-time" }, time(item)),
    h("td", {}, h("div", { class: "list-link" }, copy, h("span", { class: "list-url", title: item.url }, new URL(item.url).pathname))),
    h("td", { class: "list-open" }, h("div", { class: "list-ways" }, open, menu)),
  );
}

function series({ series, title }: InterviewItem): HTMLElement | null {
  if (series === null || title.endsWith(`${series.block} of ${series.blocks}`)) return null;
  return h("span", { class: "chip list-block" }, `Block ${series.block} of ${series.blocks}`);
}

function foundWords({ found_in = [] }: InterviewItem, words: readonly string[]): HTMLElement | null {
  if (words.length === 0 || found_in.length === 0) return null;
  return h("p", { class: "list-detail" }, `Found in ${AND.format(found_in.map((place) => PLACE_NAMES[place]))}`);
}

function candidate({ candidate: { name, email } }: InterviewItem, words: readonly string[]): HTMLElement {
  const shown = name ?? email;
  if (shown === null) return h("span", { class: "list-nobody" }, "Not named");
  const isFoundByEmail = name !== null && email !== null && words.some((word) => fold(email).includes(word));
  return h(
    "div",
    {},
    h("bdi", {}, ...marked(shown, words)),
    isFoundByEmail ? h("p", { class: "list-detail" }, ...marked(email, words)) : null,
  );
}

/** Whoever cannot interview yet comes first, with what is the matter. */
function interviewers(assigned: readonly Assigned[], words: readonly string[]): HTMLElement[] {
  if (assigned.length === 0) return [h("span", { class: "list-nobody" }, "Nobody assigned")];
  const sorted = [...assigned].sort((a, b) => Number(a.state === "member") - Number(b.state === "member"));
  const shown = sorted.slice(0, MOST_INTERVIEWERS).map(({ email, name, state }) => {
    const who = h("bdi", { title: email }, ...marked(name === "" ? email : name, words));
    if (state === "member") return h("div", {}, who);
    return h("div", { class: "list-warning" }, icon("warning"), h("span", {}, who, `: ${STATE_WORDS[state]}`));
  });
  const rest = sorted.length - shown.length;
  return rest > 0 ? [...shown, h("div", { class: "list-detail" }, `and ${rest} more`)] : shown;
}

/** When it is planned; otherwise when it was made. */
function time({ scheduled_at, created_at, time_zone }: InterviewItem): HTMLElement {
  const at = scheduled_at ?? created_at;
  const own = shortWords(Date.parse(at));
  const shown = h("time", { datetime: at, title: `${dateWords(Date.parse(at), ownZone)} (${ownZone})` }, scheduled_at === null ? `Created ${own}` : capital(own));
  shown.classList.toggle("list-planned", scheduled_at !== null);
  const there = scheduled_at === null || time_zone === null ? "" : clockWords(Date.parse(at), time_zone);
  if (there === "" || there === clockWords(Date.parse(at), ownZone)) return shown;
  return h("div", {}, shown, h("p", { class: "list-detail" }, `${there} in ${time_zone ?? ""}`));
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function shortWords(at_ms: number): string {
  const day = (ms: number): string => new Date(ms).toLocaleDateString(undefined, { timeZone: ownZone });
  const clock = clockWords(at_ms, ownZone);
  if (day(at_ms) === day(Date.now())) return `today, ${clock}`;
  const date = new Date(at_ms);
  const isNear = Math.abs(at_ms - Date.now()) < 300 * 24 * 3_600_000;
  const words = date.toLocaleDateString(undefined, {
    timeZone: ownZone,
    day: "numeric",
    month: "short",
    ...(isNear ? {} : { year: "numeric" }),
  });
  return `${words}, ${clock}`;
}

function clockWords(at_ms: number, zone: string): string {
  return new Date(at_ms).toLocaleTimeString(undefined, { timeZone: zone, hour: "2-digit", minute: "2-digit" });
}
