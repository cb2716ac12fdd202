import { ask } from "./dialog";
import { h } from "./dom";

/** What the keyboard can ask of the page. */
export interface KeyActions {
  toggle(): void;
  seekBy(ms: number): void;
  /** 0 is the beginning, 1 the end. */
  seekToPart(part: number): void;
  edit(step: 1 | -1): void;
  mark(step: 1 | -1): void;
  changeSpeed(step: 1 | -1): void;
  toggleSkip(): void;
  toggleFollow(): void;
  followNext(): void;
  stopFollowing(): void;
  toggleNotes(): void;
  copyMoment(): void;
  zoomBy(factor: number): void;
  zoomToFit(): void;
  toggleFolds(): void;
}

interface Binding {
  /** As they are shown in the list of keys, one after the other. */
  shown: string;
  words: string;
  act(page: KeyActions, key: string, isShifted: boolean): void;
  keys: readonly string[];
}

const BINDINGS: readonly Binding[] = [
  {
    shown: "Space K",
    words: "Play or pause",
    keys: [" ", "k"],
    act: (page) => {
      page.toggle();
    },
  },
  {
    shown: "← →",
    words: "5 seconds back or on; with Shift, 30",
    keys: ["arrowleft", "arrowright"],
    act: (page, key, isShifted) => {
      page.seekBy((key === "arrowleft" ? -1 : 1) * (isShifted ? 30_000 : 5_000));
    },
  },
  {
    shown: "J L",
    words: "10 seconds back or on",
    keys: ["j", "l"],
    act: (page, key) => {
      page.seekBy(key === "j" ? -10_000 : 10_000);
    },
  },
  {
    shown: ", .",
    words: "Previous or next edit",
    keys: [",", "."],
    act: (page, key) => {
      page.edit(key === "," ? -1 : 1);
    },
  },
  {
    shown: "[ ]",
    words: "Previous or next mark on the timeline",
    keys: ["[", "]"],
    act: (page, key) => {
      page.mark(key === "[" ? -1 : 1);
    },
  },
  {
    shown: "Home End",
    words: "Beginning or end",
    keys: ["home", "end"],
    act: (page, key) => {
      page.seekToPart(key === "home" ? 0 : 1);
    },
  },
  {
    shown: "1 … 9",
    words: "To a tenth of the whole, up to nine tenths",
    keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
    act: (page, key) => {
      page.seekToPart(Number(key) / 10);
    },
  },
  {
    shown: "- +",
    words: "Slower or faster",
    keys: ["-", "+", "="],
    act: (page, key) => {
      page.changeSpeed(key === "-" ? -1 : 1);
    },
  },
  {
    shown: "I",
    words: "Skip times in which nothing happened, or do not",
    keys: ["i"],
    act: (page) => {
      page.toggleSkip();
    },
  },
  {
    shown: "F",
    words: "Follow who types, or the edits again; with Shift, the next person",
    keys: ["f"],
    act: (page, _key, isShifted) => {
      if (isShifted) page.followNext();
      else page.toggleFollow();
    },
  },
  {
    shown: "Esc",
    words: "Follow nobody any more",
    keys: ["escape"],
    act: (page) => {
      page.stopFollowing();
    },
  },
  {
    shown: "N",
    words: "Show or hide the notes",
    keys: ["n"],
    act: (page) => {
      page.toggleNotes();
    },
  },
  {
    shown: "C",
    words: "Copy a link to this moment",
    keys: ["c"],
    act: (page) => {
      page.copyMoment();
    },
  },
  {
    shown: "Z",
    words: "Closer to the timeline; with Shift, further away",
    keys: ["z"],
    act: (page, _key, isShifted) => {
      page.zoomBy(isShifted ? 0.5 : 2);
    },
  },
  {
    shown: "0",
    words: "The whole timeline",
    keys: ["0"],
    act: (page) => {
      page.zoomToFit();
    },
  },
  {
    shown: "G",
    words: "Fold or unfold times in which nothing happened",
    keys: ["g"],
    act: (page) => {
      page.toggleFolds();
    },
  },
];

const HELP: Binding = { shown: "?", words: "This list", keys: ["?"], act: showKeys };

/** What the key does on the page; null where it belongs to the browser or to what has the focus. */
export function keyAction(event: KeyboardEvent): ((page: KeyActions) => void) | null {
  // On many keyboards brackets are typed with AltGr, which some systems report as Ctrl and Alt.
  const isModified = (event.ctrlKey || event.altKey) && !event.getModifierState("AltGraph");
  if (event.defaultPrevented || event.isComposing || event.metaKey || isModified) return null;
  const key = event.key.toLowerCase();
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (target?.closest("select, input, textarea, dialog") || document.querySelector("dialog[open]") !== null) return null;
  if (key === " " && target?.closest("button, a, summary")) return null;
  const scrolls = key.startsWith("arrow") || key === "home" || key === "end";
  if (scrolls && target?.closest(".cm-content, [role=tablist], [role=slider]")) return null;
  const binding = [...BINDINGS, HELP].find(({ keys }) => keys.includes(key));
  if (binding === undefined) return null;
  return (page) => {
    binding.act(page, key, event.shiftKey);
  };
}

export function showKeys(): void {
  const rows = [...BINDINGS, HELP].flatMap(({ shown, words }) => [
    h("dt", {}, ...shown.split(" ").map((key) => (key === "…" ? "… " : h("kbd", {}, key)))),
    h("dd", {}, words),
  ]);
  void ask({ title: "Keyboard", body: [h("dl", { class: "keys" }, ...rows)], cancel: "Close" });
}
