import { copyButton } from "./clipboard";
import { h } from "./dom";

/** The lines of `before` between the lines at both ends that `after` has too; empty when nothing is missing. */
export function lostLines(before: string, after: string): string {
  const old = before.split("\n");
  const now = after.split("\n");
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  return old.slice(head, old.length - tail).join("\n");
}

/** File id -> its name and text. */
export type Texts = ReadonlyMap<string, { name: string; text: string }>;

/** What of each file is missing, in one text. */
export function lostIn(before: Texts, after: Texts): string {
  const lost = [...before].map(([id, { name, text }]): [string, { name: string; text: string }] => {
    const now = after.get(id)?.text;
    return [id, { name, text: now === undefined ? text : lostLines(text, now) }];
  });
  return together(new Map(lost.filter(([, { text }]) => text !== "")));
}

/** One text as it is; several under their names. */
export function together(texts: Texts): string {
  const all = [...texts.values()];
  if (all.length === 1) return all[0]?.text ?? "";
  return all.map(({ name, text }) => `── ${name} ──\n${text}`).join("\n\n");
}

export function areSame(one: Texts, other: Texts): boolean {
  return one.size === other.size && [...one].every(([id, { text }]) => other.get(id)?.text === text);
}

interface Loss {
  /** What happened, and what follows from it. */
  title: string;
  words: string | HTMLElement;
  more?: string;
  /** Said of `text`; without a text there is only the notice. */
  invitation: string;
  text: string;
  onClose?: () => void;
}

/** What a refusal threw away. */
export function refusedNotice(
  name: string,
  reason: string | HTMLElement,
  text: string,
  onClose: () => void,
): HTMLElement {
  return lossNotice({
    title: `Some of what you changed in the ${name} was not accepted and is not in it any more.`,
    words: reason,
    more: "Everything the room shows now is saved.",
    invitation: "These lines were taken out or changed back. Copy what you need:",
    text,
    onClose,
  });
}

/** What came too late for the recording, and is still in this browser alone. */
export function lateNotice(name: string, text: string, onClose: () => void): HTMLElement {
  return lossNotice({
    title: `Your last changes to the ${name} did not reach the server before the finish and are not in the recording.`,
    words: "This browser alone still has them.",
    invitation: `This is the ${name} with your last changes. Copy what you need:`,
    text,
    onClose,
  });
}

/** What the server never got of a document that one may not open or change any more. */
export function withdrawnNotice(
  name: string,
  text: string,
  may: "open" | "change",
  onClose: () => void,
): HTMLElement {
  return lossNotice({
    title: `Your last changes to the ${name} did not reach the server.`,
    words: `You may not ${may} the ${name} any more.`,
    invitation: "These are the lines that you wrote. Copy what you need:",
    text,
    onClose,
  });
}

/** What was here when the page was closed by the server. */
export function leftNotice(text: string, onClose: () => void): HTMLElement {
  return lossNotice({
    title: "Your last changes did not reach the server.",
    words: "",
    invitation: "This is what was here. Copy what you need:",
    text,
    onClose,
  });
}

/** What waits in this browser to be sent, while there is no way into the room; of a stranger it never is. */
export function unsentNotice(name: string, text: string, isStranger: boolean, onClose: () => void): HTMLElement {
  const next = isStranger
    ? "The server does not know you from before any more, and they cannot be sent: copy them before you come in."
    : "They are sent when you come in again under the same name.";
  return lossNotice({
    title: `Your last changes to the ${name} have not reached the server.`,
    words: `This browser alone has them. ${next}`,
    invitation: `This is the ${name} with your last changes. Copy what you need:`,
    text,
    onClose,
  });
}

/** Stays until it is put away. */
function lossNotice({ title, words, more = "", invitation, text, onClose }: Loss): HTMLElement {
  const close = h("button", { type: "button", class: "button" }, "Put away");
  const box = h("textarea", { class: "lost-text", readonly: true, rows: "6", "aria-label": "The text" }, text);
  const notice = h(
    "section",
    { class: "notice danger lost", role: "alert" },
    h("p", {}, h("strong", {}, title), " ", words, ` ${more}`),
    ...(text === "" ? [] : [h("p", {}, invitation), box]),
    h("div", { class: "row" }, ...(text === "" ? [] : [copyButton("Copy", () => text)]), close),
  );
  close.addEventListener("click", () => {
    notice.remove();
    onClose?.();
  });
  return notice;
}
