import { safeColor } from "./color";
import { announce, h, passFocus } from "./dom";
import { fileOf } from "./file";
import { isolated } from "./isolated";
import type { Caret, Player } from "./player";

/** What to look at: a file, and the position to keep in sight, null to leave the scrolling as it is. */
export interface Sight {
  file: string;
  at: number | null;
}

/**
 * Where the reader looks: at the edits, wherever they are, until he chooses a file or scrolls; or at what one person
 * does, until Escape.
 */
export class Focus {
  readonly chip = h("button", { type: "button", class: "follow-chip", hidden: true });
  private person: number | null = null;
  private chosen: string | null = null;
  private isLooking = false;
  private shown = "";

  constructor(
    private readonly player: Player,
    private readonly notes: Player | null,
    private readonly onChange: () => void,
  ) {
    this.chip.addEventListener("click", () => {
      this.followEdits();
    });
  }

  get followed(): number | null {
    return this.person;
  }

  /** The reader has chosen a file or scrolled away. */
  get isAway(): boolean {
    return this.chosen !== null || this.isLooking;
  }

  choose(file: string): void {
    this.person = null;
    this.chosen = file;
    this.onChange();
  }

  follow(who: number): void {
    if (this.person === who) {
      this.followEdits();
      return;
    }
    this.person = who;
    this.chosen = null;
    this.isLooking = false;
    announce(`You follow ${isolated(this.nameOf(who))}. Escape stops it.`);
    this.onChange();
  }

  followEdits(): void {
    if (this.person !== null) announce("You follow nobody any more.");
    this.person = null;
    this.chosen = null;
    this.isLooking = false;
    this.onChange();
  }

  /** The reader has scrolled. */
  look(): void {
    if (this.isLooking) return;
    if (this.person !== null) announce("You follow nobody any more.");
    this.person = null;
    this.isLooking = true;
    this.onChange();
  }

  /** The reader has gone to another moment: what changed there is to be seen. */
  lookAgain(): void {
    this.isLooking = false;
  }

  /** `current`: the file shown now. */
  sight(current: string): Sight {
    const carets = this.player.carets();
    const { who, root } = this.player.position();
    if (this.person !== null) {
      const caret = carets.filter((each) => each.who === this.person).sort((a, b) => b.at_ms - a.at_ms)[0];
      const file = this.fileOf(caret);
      this.showChip(this.isInNotes(caret) ? "in the notes" : file === null ? "not in the code now" : "");
      return { file: file ?? current, at: caret?.head ?? null };
    }
    this.showChip("");
    const edited = root === null ? null : fileOf(root);
    const file = this.chosen ?? (this.isLooking ? current : (edited ?? current));
    const caret = carets.find((each) => each.who === who && this.fileOf(each) === file);
    return { file, at: this.isLooking || edited !== file ? null : (caret?.head ?? null) };
  }

  private fileOf(caret: Caret | undefined): string | null {
    const root = caret === undefined ? undefined : this.player.recording.roots[caret.root];
    return root === undefined ? null : fileOf(root);
  }

  /** Whether the person's last move was in the notes, not the one in the code. */
  private isInNotes(caret: Caret | undefined): boolean {
    if (this.notes === null) return false;
    this.notes.seekTo(this.player.position().at_ms);
    const { participants } = this.notes.recording;
    const id = this.player.recording.participants[this.person ?? -1]?.id;
    const last = this.notes.carets().find(({ who }) => participants[who]?.id === id);
    return last !== undefined && last.at_ms > (caret?.at_ms ?? -1);
  }

  private nameOf(who: number): string {
    return this.player.recording.participants[who]?.name ?? "Somebody";
  }

  /** `where`: unless in the code. */
  private showChip(where: string): void {
    const { person } = this;
    const isFree = person === null && this.chosen === null && !this.isLooking;
    const key = `${person} ${where} ${String(isFree)}`;
    if (key === this.shown) return;
    this.shown = key;
    if (isFree) passFocus(this.chip, this.chip.parentElement?.querySelector<HTMLElement>(".cm-content"));
    this.chip.hidden = isFree;
    const color = person === null ? "" : (this.player.recording.participants[person]?.color ?? "");
    this.chip.parentElement?.classList.toggle("is-following", person !== null);
    this.chip.parentElement?.style.setProperty("--who", color === "" ? "var(--line-strong)" : safeColor(color));
    const name = h("bdi", {}, person === null ? "" : this.nameOf(person));
    this.chip.replaceChildren(
      ...(person === null
        ? [h("span", { class: "follow-who" }, "Follow the edits"), h("span", { class: "follow-stop" }, h("kbd", {}, "F"))]
        : [
            h("span", { class: "follow-who" }, "Following ", name, where === "" ? "" : ` – ${where}`),
            h("span", { class: "follow-stop" }, h("kbd", {}, "Esc"), " to stop"),
          ]),
    );
  }
}
