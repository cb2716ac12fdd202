import { cancel, change, type Assigned, type Cancelled, type InterviewItem } from "./agenda";
import { ask } from "./dialog";
import { h } from "./dom";
import { field } from "./form_field";
import { isolated } from "./isolated";
import { startField, startInput } from "./interview_when";
import { EMAILS_HINT, interviewerField } from "./interviewer_field";
import { ownZone } from "./moment";
import { may } from "./navigation";
import { localOf } from "./wall_clock";
import { zoneInput } from "./zone_input";

const MOST_NAMED = 10;

export const STATE_WORDS: Record<Assigned["state"], string> = {
  member: "member",
  pending: "invited, has not accepted",
  expired: "the invitation has expired",
  unknown: "has not been invited",
  deactivated: "deactivated",
};

/** All of these: whether something was changed. What is refused is said in the dialog. */
export function askTitle(item: InterviewItem): Promise<boolean> {
  const title = h("input", { type: "text", value: item.title, maxlength: "200", dir: "auto", autocomplete: "off", autofocus: true });
  title.addEventListener("focus", () => {
    title.select();
  });
  return ask({
    title: "Rename the interview",
    body: [field("Title", title, "Empty: it is named after the candidate or the time.")],
    action: { label: "Rename", style: "primary" },
    act: () => change(item.id, { title: title.value }),
    cancel: "Cancel",
  });
}

export function askStart(item: InterviewItem): Promise<boolean> {
  const zone = zoneInput(item.time_zone ?? ownZone);
  const local = item.scheduled_at === null ? "" : localOf(Date.parse(item.scheduled_at), zone.value);
  const start = startInput(local);
  start.autofocus = true;
  const save = async (): Promise<void> => {
    await change(item.id, { scheduled_at: start.value === "" ? null : start.value, time_zone: zone.value });
  };
  return ask({
    title: `When is ${isolated(item.title)}?`,
    body: [startField("Start", start, zone), field("Time zone", zone)],
    action: { label: "Save", style: "primary" },
    act: save,
    cancel: "Cancel",
  });
}

export function askInterviewers(item: InterviewItem): Promise<boolean> {
  const interviewers = interviewerField("Interviewers", item.assigned.map(({ email }) => email), EMAILS_HINT);
  const states = item.assigned.map(({ email, name, state }) =>
    h("li", {}, h("bdi", {}, name === "" ? email : name), `: ${STATE_WORDS[state]}`),
  );
  return ask({
    title: `Who interviews in ${isolated(item.title)}?`,
    body: [interviewers.element, h("ul", { class: "names" }, ...states), ...wayOut(item.assigned)],
    action: { label: "Save", style: "primary" },
    act: () => change(item.id, { interviewers: interviewers.emails() }),
    cancel: "Cancel",
  });
}

/** Whoever is no member cannot interview. */
function wayOut(assigned: readonly Assigned[]): HTMLElement[] {
  if (assigned.every(({ state }) => state === "member")) return [];
  if (!may("invite_member")) return [h("p", {}, "Only members can interview: ask an owner or an admin to invite them.")];
  return [h("p", {}, "Only members can interview: ", h("a", { href: "/people" }, "invite them under People"), ".")];
}

/** Null: nothing was done. */
export async function askCancel(items: readonly InterviewItem[]): Promise<Cancelled[] | null> {
  const links = items.length === 1 ? "Its link says" : "Their links say";
  const named = items.slice(0, MOST_NAMED).map(({ title, status }) =>
    h("li", {}, h("bdi", {}, title), status === "active" ? ", which is going on now" : ""),
  );
  const rest = items.length - named.length;
  let cancelled: Cancelled[] | null = null;
  const sure = await ask({
    title: items.length === 1 ? "Delete this interview?" : `Delete ${items.length} interviews?`,
    body: [
      h("ul", { class: "names" }, ...named, rest > 0 ? h("li", {}, `and ${rest} more`) : null),
      h("p", {}, `${links} “cancelled” from then on, and whoever is in the room is sent out. This cannot be undone.`),
    ],
    action: { label: items.length === 1 ? "Delete" : `Delete ${items.length}`, style: "danger" },
    act: async () => {
      cancelled = await cancel(items.map(({ id }) => id));
    },
    cancel: items.length === 1 ? "Keep it" : "Keep them",
  });
  return sure ? cancelled : null;
}
