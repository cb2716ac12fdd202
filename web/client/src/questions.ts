import { copyButton } from "./clipboard";
import { ask } from "./dialog";
import { h } from "./dom";
import { ROLE_NAMES } from "./person";
import type { Participant } from "./room_events";

/** `others`: who else is in the room. Resolves to whether to finish. */
export function askFinish(others: Participant[]): Promise<boolean> {
  return ask({
    title: "Finish this interview?",
    body: [
      h("p", {}, "The code and the notes become read-only for everybody, and the recording is closed."),
      stillIn(others),
    ],
    action: { label: "Finish for everybody", style: "danger" },
    cancel: "Go on with the interview",
    isDecision: true,
  });
}

/** Of an interviewer who goes while the interview goes on. */
export function askDone(others: Participant[]): Promise<boolean> {
  return ask({
    title: "Is your part done?",
    body: [
      h("p", {}, "You leave the room and your seat is free for the next interviewer. Nothing is finished: the interview goes on."),
      stillIn(others),
      h("p", { class: "quiet" }, "You can come back with the same link."),
    ],
    action: { label: "Leave the room", style: "primary" },
    cancel: "Stay",
    isDecision: true,
  });
}

function stillIn(others: Participant[]): HTMLElement {
  if (others.length === 0) return h("p", {}, "Nobody else is in the room.");
  const names = others.map(({ name, role }) => h("li", {}, h("bdi", {}, name), `, ${ROLE_NAMES[role].toLowerCase()}`));
  return h("div", {}, h("p", {}, h("strong", {}, "Still in the room:")), h("ul", { class: "names" }, ...names));
}

/** `isOver`: it is too late to save them. */
export function askLeave(isOver: boolean): Promise<boolean> {
  const words = isOver
    ? "Some of your changes did not reach the server before the finish. Leaving deletes them in this browser too: copy what you need first."
    : "Some of your changes have not reached the server yet. Leaving deletes them in this browser too. They are safe when the room says “Saved”.";
  return ask({
    title: "Leave without saving?",
    body: [h("p", {}, words)],
    action: { label: "Leave anyway", style: "danger" },
    cancel: "Stay",
  });
}

/** `texts`: of all that only this browser has. */
export function askSignOut(texts: string[]): Promise<boolean> {
  const text = texts.join("\n\n");
  const words =
    "Some of your changes have not reached the server yet. Only this browser has them, and signing out removes them from it.";
  return ask({
    title: "Sign out without saving?",
    body: [
      h("p", {}, words),
      h("p", {}, "Stay signed in and open the room again to send them, or copy what you need:"),
      h("textarea", { class: "lost-text", readonly: true, rows: "6", "aria-label": "The text" }, text),
      h("p", {}, copyButton("Copy", () => text)),
    ],
    action: { label: "Sign out and lose them", style: "danger" },
    cancel: "Stay signed in",
  });
}

export async function tellNot(title: string, error: unknown): Promise<void> {
  const words = error instanceof Error ? error.message : String(error);
  await ask({ title, body: [h("p", {}, words)], cancel: "Close" });
}
