import { announce, h } from "./dom";
import { isolated } from "./isolated";
import type { Standing, Whereabouts } from "./whereabouts";

/** What can be looked at. */
export interface Sight {
  has(file: string): boolean;
  reveal(file: string, at: number, y: "nearest" | "center"): void;
}

/** Keeps somebody's caret in sight, across files, until one does something oneself. */
export class Follow {
  readonly chip = h("button", { type: "button", class: "follow-chip", hidden: true });
  private person: { id: string; name: string } | null = null;
  private file: string | null = null;
  private whereabouts: Whereabouts | null = null;

  constructor(
    private readonly sight: Sight,
    private readonly onChange: (participant: string | null) => void,
  ) {
    this.chip.addEventListener("click", () => {
      this.stop();
    });
  }

  get followed(): string | null {
    return this.person?.id ?? null;
  }

  setWhereabouts(whereabouts: Whereabouts): void {
    this.whereabouts = whereabouts;
    this.file = null;
    this.look();
  }

  start(participant: string): void {
    if (this.followed === participant) return;
    this.person = { id: participant, name: this.whereabouts?.nameOf(participant) ?? "Somebody" };
    this.file = null;
    document.addEventListener("keydown", this.onKey, true);
    this.look();
    announce(`You follow ${isolated(this.person.name)}. Escape stops it.`);
    this.onChange(participant);
  }

  stop(): void {
    if (this.person === null) return;
    this.person = null;
    document.removeEventListener("keydown", this.onKey, true);
    this.chip.hidden = true;
    announce("You follow nobody any more.");
    this.onChange(null);
  }

  /** To be called whenever carets or texts have changed. */
  look(): void {
    if (this.person === null) return;
    const { id } = this.person;
    const standing = this.whereabouts?.others().find(({ participant }) => participant === id);
    this.show(standing);
    if (standing === undefined || !this.sight.has(standing.file)) return;
    const y = standing.file === this.file ? "nearest" : "center";
    this.file = standing.file;
    this.sight.reveal(standing.file, standing.at, y);
  }

  private show(standing: Standing | undefined): void {
    const name = standing?.name ?? this.person?.name ?? "";
    const words = standing === undefined ? " – not in the code now" : "";
    this.chip.parentElement?.style.setProperty("--who", standing?.color ?? "var(--line-strong)");
    this.chip.hidden = false;
    this.chip.replaceChildren(
      h("span", { class: "follow-who" }, "Following ", h("bdi", {}, name), words),
      h("span", { class: "follow-stop" }, h("kbd", {}, "Esc"), " to stop"),
    );
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && document.querySelector("dialog[open]") === null) this.stop();
  };
}
