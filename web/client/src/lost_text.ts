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

/** Shows what a refusal cost, until it is put away. */
export function lostNotice(name: string, reason: string, lost: string): HTMLElement {
  const close = h("button", { type: "button", class: "button" }, "Put away");
  const box = h(
    "textarea",
    { class: "lost-text", readonly: true, rows: "6", "aria-label": "What was not accepted" },
    lost,
  );
  const notice = h(
    "section",
    { class: "notice danger lost", role: "alert" },
    h(
      "p",
      {},
      h("strong", {}, `Some of what you changed in the ${name} was not accepted. `),
      `${reason} The room shows what the server has.`,
    ),
    ...(lost === "" ? [] : [h("p", {}, "This is what was here and is not there any more. Copy what you need:"), box]),
    h("div", { class: "row" }, ...(lost === "" ? [] : [copyButton("Copy", () => lost)]), close),
  );
  close.addEventListener("click", () => {
    notice.remove();
  });
  return notice;
}
