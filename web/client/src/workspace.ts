import type { Awareness } from "y-protocols/awareness";
import type * as Y from "yjs";
import { ask } from "./dialog";
import { announce, h, icon } from "./dom";
import { downloadAll, downloadFile } from "./download";
import { EditorStack, type Desk } from "./editor_stack";
import { cleanName, FIRST, freshId, MOST_FILES, nameIn, readFiles, rootOf, type RoomFile } from "./file";
import { askDelete, askFile } from "./file_dialog";
import { FileTabs } from "./file_tabs";
import { Follow } from "./follow";
import { isolated } from "./isolated";
import { option } from "./form_field";
import { languageChoices } from "./languages";
import type { Texts } from "./lost_text";
import { menuButton, type MenuItem } from "./menu";
import type { Place } from "./place";
import { showPreferences } from "./preferences_dialog";
import { Whereabouts } from "./whereabouts";

export interface WorkspaceOptions {
  /** Of the first file, until somebody has chosen one. */
  language: string;
  /** What a download of everything is called. */
  title: string;
  nonce: string;
  /** Whom one follows now. */
  onFollow(participant: string | null): void;
}

interface Bound {
  document: Y.Doc;
  files: Y.Map<unknown>;
  whereabouts: Whereabouts;
}

/** The code pane: the files as tabs, their editors, and what one can do with them. */
export class Workspace implements Desk {
  readonly element: HTMLElement;
  private readonly body = h("div", { class: "pane-body" });
  private readonly notices = h("div", { class: "file-notices", role: "status" });
  private readonly stack: EditorStack;
  private readonly tabs: FileTabs;
  private readonly follower: Follow;
  private readonly readOnly = h("span", { class: "chip", hidden: true }, "Read only");
  private readonly language = h("select", { class: "select", "aria-label": "Language" });
  private readonly addButton = iconButton("plus", "New file");
  private files: readonly RoomFile[] = [];
  private bound: Bound | null = null;
  private mayWrite = false;
  /** The document is as the server has it: a file that is missing now was deleted. */
  private settled = false;

  constructor(private readonly options: WorkspaceOptions) {
    const hint = "Start typing. Everybody in the room sees it.";
    this.stack = new EditorStack(this.body, { label: "Code", nonce: options.nonce, prose: false, hint });
    this.tabs = new FileTabs(this.body, {
      onShow: (file, byHand) => {
        this.follower.stop();
        this.show(file);
        if (byHand) this.focus();
      },
      onRename: (file) => void this.rename(file),
      onDelete: (file) => void this.remove(file),
    });
    const sight = {
      has: (file: string) => this.files.some(({ id }) => id === file),
      reveal: (file: string, at: number, y: "nearest" | "center") => {
        this.show(file);
        this.stack.editor.reveal(at, y);
      },
    };
    this.follower = new Follow(sight, (participant) => {
      this.body.classList.toggle("is-following", participant !== null);
      if (participant === null && document.activeElement === document.body) this.focus();
      options.onFollow(participant);
    });
    this.addButton.addEventListener("click", () => void this.add());
    this.language.addEventListener("change", () => {
      this.setLanguage(this.language.value);
    });
    const gear = iconButton("settings", "Preferences");
    gear.addEventListener("click", () => void showPreferences());
    this.element = h(
      "section",
      { class: "pane pane-code", "aria-label": "Code" },
      h(
        "div",
        { class: "pane-head file-head" },
        h("div", { class: "file-strip" }, this.tabs.element, this.addButton),
        h(
          "div",
          { class: "file-tools" },
          this.readOnly,
          this.language,
          menuButton("File", () => this.menu()),
          gear,
        ),
      ),
      this.body,
      this.notices,
    );
    this.body.append(this.follower.chip);
    this.watchHand();
  }

  bind(document: Y.Doc, awareness: Awareness): void {
    const files = document.getMap("files");
    const whereabouts = new Whereabouts(document, awareness, () => {
      if (this.bound?.document === document) this.showPeople();
    });
    this.bound = { document, files, whereabouts };
    this.settled = false;
    this.stack.bind(document, awareness);
    this.readFiles();
    this.follower.setWhereabouts(whereabouts);
    files.observe((event) => {
      if (this.bound?.document !== document) return;
      const before = this.stack.current;
      this.readFiles();
      if (this.settled) this.tellDeleted(event, before);
    });
    document.on("afterTransaction", ({ local }: Y.Transaction) => {
      if (!local && this.bound?.document === document) this.follower.look();
    });
  }

  setWritable(mayWrite: boolean): void {
    this.mayWrite = mayWrite;
    this.stack.setWritable(mayWrite);
    this.language.disabled = !mayWrite;
    this.addButton.hidden = !mayWrite;
    this.readOnly.hidden = mayWrite;
    for (const undo of this.notices.querySelectorAll<HTMLButtonElement>(".file-undo")) undo.disabled = !mayWrite;
  }

  get place(): Place | null {
    return this.stack.place;
  }

  goTo(place: Place | null): void {
    this.settled = true;
    const wanted = place?.file ?? this.stack.current;
    const there = this.files.some(({ id }) => id === wanted);
    this.show(there ? wanted : FIRST);
    this.stack.goTo(there ? place : null);
  }

  /** Somebody's caret is kept in sight, wherever it goes; the same again, or null, ends it. */
  follow(participant: string | null): void {
    if (participant === null || participant === this.follower.followed) this.follower.stop();
    else this.follower.start(participant);
  }

  get followed(): string | null {
    return this.follower.followed;
  }

  focus(): void {
    if (!window.matchMedia("(pointer: coarse)").matches) this.stack.editor.view.focus();
  }

  download(): void {
    const file = this.current();
    downloadFile(file.name, this.text(file.id));
  }

  downloadAll(): void {
    const texts: Texts = new Map(this.files.map(({ id, name }) => [id, { name, text: this.text(id) }]));
    downloadAll(this.options.title, texts).catch(() => {
      void tell("The files could not be packed. Download them one by one.");
    });
  }

  private menu(): MenuItem[] {
    const { id } = this.current();
    const items: (MenuItem | false)[] = [
      this.mayWrite && { label: "Name and language…", onChoose: () => void this.rename(id) },
      this.mayWrite && id !== FIRST && { label: "Delete…", isDangerous: true, onChoose: () => void this.remove(id) },
      {
        label: "Download this file",
        onChoose: () => {
          this.download();
        },
      },
      {
        label: "Download all files",
        onChoose: () => {
          this.downloadAll();
        },
      },
    ];
    return items.filter((item) => item !== false);
  }

  private async add(): Promise<void> {
    const { language } = this.current();
    const others = this.files.map(({ name }) => name);
    const answer = await askFile({ title: "New file", submit: "Add", name: "", language, others });
    if (answer === null || this.bound === null || !this.mayWrite) return;
    const { document, files } = this.bound;
    const id = freshId(document, Date.now());
    if (id === null) {
      void tell(`There are ${MOST_FILES} files besides the first already; that is as many as a room has.`);
      return;
    }
    document.transact(() => {
      const text = document.getText(rootOf(id));
      text.delete(0, text.length);
      files.set(id, answer);
    });
    this.show(id);
    this.focus();
  }

  private async rename(id: string): Promise<void> {
    const file = this.file(id);
    if (file === undefined || !this.mayWrite) return;
    const others = this.files.filter((other) => other.id !== id).map(({ name }) => name);
    const answer = await askFile({ title: "Name and language", submit: "Change", ...file, others });
    this.tabs.focus();
    if (answer !== null) this.change(id, answer);
  }

  private setLanguage(language: string): void {
    const file = this.current();
    this.change(file.id, { name: nameIn(language, file), language });
  }

  private change(id: string, to: Pick<RoomFile, "name" | "language">): void {
    if (this.bound === null || !this.mayWrite) return;
    if (id !== FIRST && !this.bound.files.has(id)) void tell(`${isolated(to.name)} has been deleted meanwhile.`);
    else this.bound.files.set(id, to);
  }

  private async remove(id: string): Promise<void> {
    const file = this.file(id);
    if (file === undefined || !this.mayWrite) return;
    if (id === FIRST) {
      void tell("The first file of a room stays. You can rename and empty it.");
      return;
    }
    const text = this.text(id);
    const there = this.bound?.whereabouts.others().filter((standing) => standing.file === id) ?? [];
    const lines = text === "" ? 0 : text.replace(/\n$/, "").split("\n").length;
    const sure = await askDelete(file.name, lines, there.map(({ name }) => name));
    if (sure) this.forget(id);
    this.tabs.focus();
  }

  /** Only the entry goes: whoever undoes it finds everybody's text in it, with its authors. */
  private forget(id: string): void {
    if (this.mayWrite) this.bound?.files.delete(id);
  }

  /** `before`: the file that one was in. */
  private tellDeleted(event: Y.YMapEvent<unknown>, before: string): void {
    for (const [id, { action, oldValue }] of event.changes.keys) {
      if (id === FIRST || action !== "delete") continue;
      const { name } = (oldValue ?? {}) as { name?: unknown };
      const shown = isolated((typeof name === "string" ? cleanName(name) : "") || "A file");
      const moved = id === before ? ` You are in ${isolated(this.current().name)} now.` : "";
      const words = (event.transaction.local ? `${shown} is deleted.` : `Somebody has deleted ${shown}.`) + moved;
      this.notices.replaceChildren(this.deletedNotice(words, id, oldValue));
    }
  }

  private deletedNotice(words: string, id: string, entry: unknown): HTMLElement {
    const undo = h("button", { type: "button", class: "button soft file-undo", disabled: !this.mayWrite }, "Undo");
    const close = iconButton("close", "Put away");
    const notice = h("div", { class: "file-notice" }, h("p", {}, words), undo, close);
    undo.addEventListener("click", () => {
      // Its id may be another file's by now.
      if (this.mayWrite && this.bound?.files.has(id) === false) {
        this.bound.files.set(id, entry);
        this.show(id);
        announce("The file is back.");
      }
      notice.remove();
      this.focus();
    });
    close.addEventListener("click", () => {
      notice.remove();
      this.focus();
    });
    return notice;
  }

  private show(file: string): void {
    this.stack.show(file);
    this.tabs.select(file);
    this.showLanguage();
  }

  private readFiles(): void {
    if (this.bound === null) return;
    const before = this.files.findIndex(({ id }) => id === this.stack.current);
    this.files = readFiles(this.bound.files, this.options.language);
    const gone = this.file(this.stack.current) === undefined;
    this.tabs.setFiles(this.files);
    // Who was in a file that is gone finds himself in the one beside it.
    if (gone && this.settled) this.show(this.files[Math.min(before, this.files.length - 1)]?.id ?? FIRST);
    this.stack.setFiles(this.files);
    this.tabs.select(this.stack.current);
    this.addButton.disabled = this.files.length > MOST_FILES;
    this.showLanguage();
    this.showPeople();
  }

  private showLanguage(): void {
    const { language } = this.current();
    if (![...this.language.options].some(({ value }) => value === language)) {
      this.language.replaceChildren(...languageChoices(language).map(option));
    }
    this.language.value = language;
  }

  private showPeople(): void {
    this.tabs.setPeople(this.bound?.whereabouts.others() ?? []);
    this.follower.look();
  }

  /** One's own hand in the editor ends the following. */
  private watchHand(): void {
    const stop = (): void => {
      this.follower.stop();
    };
    for (const event of ["wheel", "touchmove"]) this.body.addEventListener(event, stop, { passive: true });
    this.body.addEventListener("pointerdown", ({ target }) => {
      if (target !== this.follower.chip && !this.follower.chip.contains(target as Node)) stop();
    });
    this.body.addEventListener("keydown", ({ key }) => {
      if (!["Shift", "Control", "Alt", "Meta", "Tab", "Escape"].includes(key)) stop();
    });
  }

  private file(id: string): RoomFile | undefined {
    return this.files.find((file) => file.id === id);
  }

  private current(): RoomFile {
    const { language } = this.options;
    return this.file(this.stack.current) ?? { id: this.stack.current, name: "untitled", language };
  }

  private text(id: string): string {
    return this.bound?.document.getText(rootOf(id)).toJSON() ?? "";
  }
}

function iconButton(drawing: Parameters<typeof icon>[0], label: string): HTMLButtonElement {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label }, icon(drawing));
}

async function tell(words: string): Promise<void> {
  await ask({ title: "Files", body: [h("p", {}, words)], cancel: "Close" });
}
