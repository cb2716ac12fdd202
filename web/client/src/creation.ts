import { createInterview, duplicate, newAttempt, type InterviewItem } from "./agenda";
import { announce, h, icon } from "./dom";
import { askInterview } from "./interview_create";
import { Ready } from "./interview_ready";
import type { Command } from "./palette";
import { openPractice } from "./welcome";

interface CreationOptions {
  onMade: (items: InterviewItem[]) => void;
  onProblem: (words: string, error: unknown) => void;
  /** The links were put away. */
  onClose: () => void;
}

const NOTHING_MADE = "No interview was made.";

/** The ways to an interview, and the links of what was made. */
export class Creation {
  readonly ready: Ready;
  readonly buttons: readonly HTMLButtonElement[];

  constructor(private readonly options: CreationOptions) {
    this.ready = new Ready(options.onClose);
    const open = button("New Interview", "primary", "Opening…", () => this.openNew());
    open.prepend(icon("plus"));
    this.buttons = [
      button("Create Link for Later", "soft", "Making a link…", () => this.createForLater()),
      button("Create Interview", "soft", null, () => this.create()),
      open,
    ];
  }

  get commands(): Command[] {
    return [
      { name: "New Interview", detail: "Opens a room at once", run: () => void this.openNew() },
      { name: "Create Interview", detail: "For a candidate", run: () => void this.create() },
      { name: "Create Link for Later", run: () => void this.createForLater() },
      { name: "Try a practice interview", run: () => void openPractice(this.options.onProblem) },
      {
        name: "Watch a sample replay",
        run: () => {
          window.location.assign("/sample");
        },
      },
    ];
  }

  async duplicate(item: InterviewItem): Promise<void> {
    await this.make(`“${item.title}” was not duplicated.`, async () => [await duplicate(item.id)]);
  }

  private async openNew(): Promise<void> {
    try {
      const { id } = await createInterview({}, newAttempt());
      window.location.assign(`/i/${id}#interviewer`);
    } catch (error) {
      this.options.onProblem(NOTHING_MADE, error);
    }
  }

  private async create(): Promise<void> {
    await this.make(NOTHING_MADE, async () => (await askInterview()) ?? []);
  }

  private async createForLater(): Promise<void> {
    await this.make(NOTHING_MADE, async () => [await createInterview({}, newAttempt())]);
  }

  private async make(failed: string, act: () => Promise<InterviewItem[]>): Promise<void> {
    try {
      const items = await act();
      this.ready.show(items);
      if (items.length > 0) this.options.onMade(items);
    } catch (error) {
      this.options.onProblem(failed, error);
    }
  }
}

/** It says that it waits, and does nothing twice meanwhile. */
function button(label: string, style: string, waiting: string | null, act: () => Promise<void>): HTMLButtonElement {
  const words = h("span", {}, label);
  const element = h("button", { type: "button", class: `button ${style}` }, words);
  const press = async (): Promise<void> => {
    if (element.ariaBusy === "true") return;
    element.ariaBusy = "true";
    if (waiting !== null) {
      words.textContent = waiting;
      announce(waiting);
    }
    await act();
    element.ariaBusy = "false";
    words.textContent = label;
  };
  element.addEventListener("click", () => void press());
  return element;
}
