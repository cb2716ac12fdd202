import { safeColor } from "./color";
import { h, icon } from "./dom";
import { fileOf, FIRST, rootOf, type RoomFile } from "./file";
import { FileTabs } from "./file_tabs";
import { isolated } from "./isolated";
import type { Player } from "./player";
import type { Recording } from "./recording";
import { drawnCarets } from "./replay_carets";
import { ReplayFiles } from "./replay_files";
import { Focus } from "./replay_focus";
import type { Presence } from "./replay_presence";
import { ReplayView } from "./replay_view";

interface CodeOptions {
  language: string;
  nonce: string;
  /** Something else is to be looked at. */
  onChange: () => void;
  /** Only the edits in this file are of interest, or all of them. */
  onOnly: (file: string | null) => void;
}

const MOST_VIEWS = 8;

/** The files as they were at the moment, as tabs, and the text of one of them with everybody's carets. */
export class ReplayCode {
  readonly element: HTMLElement;
  readonly focus: Focus;
  /** Of the files shown last, the latest at the end: going back to one of them changes only what has changed in it. */
  private readonly views = new Map<string, ReplayView>();
  private view: ReplayView | null = null;
  private readonly body = h("div", { class: "replay-text pane-body" });
  private readonly nonce: string;
  private readonly tabs: FileTabs;
  private readonly then: ReplayFiles;
  private readonly empty = h("p", { class: "replay-empty", hidden: true });
  private readonly absent = h("p", { class: "replay-absent", role: "status" });
  private readonly onlyWords = h("span", {});
  private readonly only: HTMLButtonElement;
  private shown: { files: readonly RoomFile[] } | null = null;
  private onlyFile: string | null = null;
  private current: string | null = null;

  constructor(
    private readonly player: Player,
    notes: Player | null,
    options: CodeOptions,
    more: HTMLElement | null,
  ) {
    this.then = new ReplayFiles(player, options.language);
    this.focus = new Focus(player, notes, options.onChange);
    this.nonce = options.nonce;
    const { body } = this;
    this.tabs = new FileTabs(body, {
      onShow: (file) => {
        this.focus.choose(file);
      },
      onRename: () => undefined,
      onDelete: () => undefined,
    });
    body.append(this.focus.chip, this.empty);
    this.only = h(
      "button",
      { type: "button", class: "button quiet only-file", "aria-pressed": "false", hidden: true },
      icon("filter"),
      this.onlyWords,
    );
    this.only.addEventListener("click", () => {
      this.onlyFile = this.onlyFile === null ? this.file : null;
      options.onOnly(this.onlyFile);
    });
    const strip = h("div", { class: "file-strip" }, this.tabs.element);
    this.element = h(
      "section",
      { class: "pane replay-pane", "aria-label": "Code" },
      h("div", { class: "pane-head file-head" }, strip, this.only, more),
      this.absent,
      body,
    );
  }

  get file(): string {
    return this.current ?? FIRST;
  }

  /** The file to name in a link; null where there is only one. */
  get linkedFile(): string | null {
    return (this.shown?.files.length ?? 0) > 1 ? this.file : null;
  }

  get text(): string {
    return this.view?.text ?? "";
  }

  readonly nameOf = (root: string): string | null => this.shown?.files.find(({ id }) => id === fileOf(root))?.name ?? null;

  /** Opens a file by its id, as a link asks for it; any other value does nothing. */
  choose(file: string): void {
    if (file !== this.file && this.shown?.files.some(({ id }) => id === file) === true) this.focus.choose(file);
  }

  show(presence: Presence, emptyWords: string | null): void {
    const { at_ms } = this.player.position();
    const then = this.then.at(at_ms);
    const isNew = then !== this.shown;
    if (isNew) {
      this.shown = then;
      this.tabs.setFiles(then.files);
      this.tabs.markDeleted(then.deleted);
    }
    const sight = this.focus.sight(this.file);
    const shown = then.files.find(({ id }) => id === sight.file) ?? then.files[0];
    if (shown === undefined) return;
    this.showAbsent(shown.id === sight.file ? null : sight.file);
    const root = rootOf(shown.id);
    if (shown.id !== this.current) {
      this.current = shown.id;
      this.tabs.select(shown.id);
    }
    const view = this.viewOf(shown.id);
    view.setLanguage(shown.language);
    view.show(this.player.takeChange(root), drawnCarets(this.player, root, (id) => presence.isThere(id)), sight.at);
    this.showDots(presence);
    this.showOnly(shown);
    this.showEmpty(emptyWords);
  }

  destroy(): void {
    for (const view of this.views.values()) view.destroy();
  }

  /** The one for that file, alone in sight. */
  private viewOf(file: string): ReplayView {
    const view = this.views.get(file) ?? this.make(file);
    if (view === this.view) return view;
    this.views.delete(file);
    this.views.set(file, view);
    this.view?.element.remove();
    this.view = view;
    this.body.prepend(view.element);
    view.attached();
    const [oldest] = this.views;
    if (oldest !== undefined && this.views.size > MOST_VIEWS) {
      oldest[1].destroy();
      this.views.delete(oldest[0]);
    }
    return view;
  }

  private make(file: string): ReplayView {
    const root = rootOf(file);
    this.player.takeChange(root);
    return new ReplayView(this.player.text(root), {
      nonce: this.nonce,
      label: "Text at this moment",
      isProse: false,
      onScroll: () => {
        this.focus.look();
      },
    });
  }

  private showDots(presence: Presence): void {
    const { participants, roots } = this.player.recording;
    const people = this.player.carets().flatMap(({ who, root, head }) => {
      const person = participants[who];
      const file = fileOf(roots[root] ?? "");
      if (person === undefined || file === null || !presence.isThere(person.id)) return [];
      return [{ participant: person.id, name: person.name, color: safeColor(person.color), file, at: head }];
    });
    this.tabs.setPeople(people);
  }

  private showOnly({ name }: RoomFile): void {
    this.only.hidden = (this.shown?.files.length ?? 0) < 2 && this.onlyFile === null;
    const only = this.shown?.files.find(({ id }) => id === this.onlyFile)?.name ?? name;
    const isOn = this.onlyFile !== null;
    const words = `Only ${only}`;
    if (this.onlyWords.textContent === words && this.only.ariaPressed === String(isOn)) return;
    this.onlyWords.textContent = words;
    this.onlyWords.classList.toggle("visually-hidden", !isOn);
    this.only.title = isOn ? "All files again" : `Only the edits in ${only}`;
    this.only.setAttribute("aria-pressed", String(isOn));
  }

  /** A file that was chosen at a later moment. */
  private showAbsent(file: string | null): void {
    const name = file === null ? undefined : this.player.recording.files.find(({ files }) => files.get(file))?.files.get(file)?.name;
    const words = file === null ? "" : `${isolated(name ?? "The file")} does not exist yet at this moment.`;
    if (this.absent.textContent !== words) this.absent.textContent = words;
  }

  private showEmpty(words: string | null): void {
    this.empty.hidden = words === null;
    if (words !== null && this.empty.textContent !== words) this.empty.textContent = words;
  }
}

/** What stands where there is no text in the whole interview; null where there is some. */
export function emptyWords({ operations, participants }: Recording, isLive: boolean): string | null {
  if (operations.length > 0) return null;
  if (isLive) return "Nobody has typed yet. What is typed shows here as it comes.";
  return participants.length === 0 ? "Nobody came, and nobody typed." : "Nobody typed in this interview.";
}
