import { h } from "./dom";

/** `replay`: its address, for those who may see it. */
export function finishedNotice(by: string | undefined, replay: string | null): HTMLElement {
  const who = by === undefined ? "This interview is finished. " : `${by} has finished this interview. `;
  const next = replay === null ? "You can read the code here until you close this page." : "The code is read-only now.";
  return h(
    "section",
    { class: "notice finished", role: "status", tabindex: "-1" },
    h("p", {}, h("strong", {}, who), "Nothing more is recorded. ", next),
    replay === null ? null : h("a", { class: "button primary", href: replay }, "Open the replay"),
  );
}

/** When what had the focus is gone or hidden, it goes to the notice instead of nowhere. */
export function takeLostFocus(notice: HTMLElement): void {
  const { activeElement } = document;
  if (activeElement === null || activeElement === document.body || !activeElement.checkVisibility()) notice.focus();
}
