import { createBlocks, createInterview, newAttempt, type Block, type InterviewItem, type Plan } from "./agenda";
import { ask } from "./dialog";
import { h } from "./dom";
import { choice, field } from "./form_field";
import { startField, startInput } from "./interview_when";
import { EMAILS_HINT, interviewerField } from "./interviewer_field";
import { ownZone } from "./moment";
import { instantOf, isZone, localOf } from "./wall_clock";
import { zoneInput } from "./zone_input";

const MOST_BLOCKS = 12;
const BLOCK_MS = 3_600_000;

interface BlockFields {
  element: HTMLElement;
  start: HTMLInputElement;
  emails: () => string[];
}

/** Asks for a candidate and, folded away, for the rest. Null: nothing was made. */
export async function askInterview(): Promise<InterviewItem[] | null> {
  const name = text({ maxlength: "80", autofocus: true, dir: "auto" });
  const email = h("input", { type: "email", autocomplete: "off" });
  const title = text({ maxlength: "200", dir: "auto", placeholder: "By itself: “Interview with …”" });
  const zone = zoneInput(ownZone);
  const blocks = new Blocks(zone);
  const language = choice([["", "Python"]], "");
  const address = { pattern: "https://.*", title: "An address that begins with https://" };
  const meeting = h("input", { type: "url", placeholder: "https://", ...address });
  const instructions = h("textarea", { rows: "3", maxlength: "10000", dir: "auto" });
  const lobby = choice([["", "As usual in the organisation"], ["yes", "Yes, until an interviewer lets them in"], ["no", "No"]], "");
  const more = h(
    "details",
    { class: "form-more" },
    h("summary", {}, "Time, interviewers and more"),
    field("Candidate’s e-mail", email),
    field("Title", title),
    blocks.element,
    field("Time zone", zone),
    field("Language", language),
    field("Meeting link", meeting, "Of a call beside the room."),
    field("Instructions for the candidate", instructions),
    field("Candidate and guests wait outside", lobby),
  );
  more.addEventListener("toggle", () => void listLanguages(language), { once: true });
  // What is wrong inside would otherwise be refused without being seen.
  more.addEventListener("invalid", () => { more.open = true; }, true);

  const attempt = newAttempt();
  let made: InterviewItem[] = [];
  const save = async (): Promise<void> => {
    const plan: Plan = {
      ...given("title", title.value),
      ...given("language", language.value),
      ...given("meeting_url", meeting.value),
      ...given("instructions", instructions.value),
      ...(lobby.value === "" ? {} : { lobby: lobby.value === "yes" }),
      candidate: { ...given("name", name.value), ...given("email", email.value) },
      time_zone: zone.value,
    };
    const each = blocks.values();
    made = each.length > 1 ? await createBlocks(plan, each, attempt) : [await createInterview({ ...plan, ...each[0] }, attempt)];
  };
  const saved = await ask({
    title: "Create an interview",
    body: [field("Candidate’s name", name, "May stay empty: the title can be changed later."), more],
    action: { label: "Save", style: "primary" },
    act: save,
    cancel: "Cancel",
    isWide: true,
  });
  return saved ? made : null;
}

/** Interviews one after the other: each has its own start and interviewers. */
class Blocks {
  readonly element: HTMLElement;
  private readonly number = choice(
    Array.from({ length: MOST_BLOCKS }, (_, at) => [String(at + 1), at === 0 ? "One interview" : `${at + 1} blocks`]),
    "1",
  );
  private readonly list = h("div", { class: "blocks" });
  private fields: BlockFields[] = [];

  constructor(private readonly zone: HTMLInputElement) {
    const hint = "Back to back with the same candidate: each block has a link of its own.";
    this.element = h("div", {}, field("Blocks", this.number, hint), this.list);
    this.number.addEventListener("change", () => {
      this.show();
    });
    this.show();
  }

  values(): Block[] {
    return this.fields.map(({ start, emails }) => ({
      ...given("scheduled_at", start.value),
      ...(emails().length === 0 ? {} : { interviewers: emails() }),
    }));
  }

  /** What was filled in stays: also of one alone that becomes the first. */
  private show(): void {
    const wanted = Number(this.number.value);
    const old = this.fields;
    this.fields = [];
    for (let at = 0; at < wanted; at += 1) {
      const previous = this.fields.at(-1)?.start.value ?? "";
      const next = previous === "" ? "" : this.after(previous);
      this.fields.push(this.block(at, wanted, old[at]?.start.value || next, old[at]?.emails() ?? []));
    }
    this.list.replaceChildren(...this.fields.map(({ element }) => element));
  }

  /** Blocks without a start follow the one before. */
  private proposeAfter(at: number): void {
    const [before, next] = [this.fields[at]?.start, this.fields[at + 1]?.start];
    if (before === undefined || next === undefined || before.value === "" || next.value !== "") return;
    next.value = this.after(before.value);
    next.dispatchEvent(new Event("input"));
    this.proposeAfter(at + 1);
  }

  private after(local: string): string {
    const zone = isZone(this.zone.value) ? this.zone.value : "UTC";
    return localOf(instantOf(local, zone) + BLOCK_MS, zone);
  }

  private block(at: number, wanted: number, local: string, emails: string[]): BlockFields {
    const of = wanted === 1 ? "" : ` of block ${at + 1}`;
    const start = startInput(local);
    start.addEventListener("change", () => {
      this.proposeAfter(at);
    });
    const interviewers = interviewerField(`Interviewers${of}`, emails, at === 0 ? EMAILS_HINT : undefined);
    const element = h("div", { class: "block" }, startField(`Start${of}`, start, this.zone), interviewers.element);
    return { element, start, emails: interviewers.emails };
  }
}

async function listLanguages(select: HTMLSelectElement): Promise<void> {
  const { languageChoices } = await import("./languages");
  select.append(...languageChoices("python").filter(([id]) => id !== "python").map(([id, name]) => h("option", { value: id }, name)));
}

function text(attributes: Record<string, string | boolean>): HTMLInputElement {
  return h("input", { type: "text", autocomplete: "off", ...attributes });
}

function given<K extends string>(name: K, value: string): Partial<Record<K, string>> {
  return value.trim() === "" ? {} : ({ [name]: value.trim() } as Record<K, string>);
}
