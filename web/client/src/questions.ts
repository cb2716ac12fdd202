import { ask } from "./dialog";
import { h } from "./dom";
import { ROLE_NAMES } from "./person";
import type { Participant } from "./room_events";

/** `others`: who else is in the room. Resolves to whether to finish. */
export function askFinish(others: Participant[]): Promise<boolean> {
  const names = others.map(({ name, role }) => h("li", {}, `${name}, ${ROLE_NAMES[role].toLowerCase()}`));
  return ask({
    title: "Finish this interview?",
    body: [
      h("p", {}, "The code and the notes become read-only for everybody, and the recording is closed."),
      others.length === 0
        ? h("p", {}, "Nobody else is in the room.")
        : h("div", {}, h("p", {}, h("strong", {}, "Still in the room:")), h("ul", { class: "names" }, ...names)),
    ],
    action: { label: "Finish for everybody", style: "danger" },
    cancel: "Go on with the interview",
  });
}

export function askLeave(): Promise<boolean> {
  const words = "Some of your changes have not reached the server yet. They are lost if you leave now.";
  return ask({
    title: "Leave without saving?",
    body: [h("p", {}, words)],
    action: { label: "Leave anyway", style: "danger" },
    cancel: "Stay",
  });
}

export async function tellNotFinished(words: string): Promise<void> {
  await ask({ title: "The interview is not finished", body: [h("p", {}, words)], cancel: "Close" });
}
