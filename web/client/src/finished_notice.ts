import { h } from "./dom";

interface Finished {
  by: string | undefined;
  /** Its address, for those who may see it. */
  replay: string | null;
  /** Saves what is in the editor as files. */
  onDownload: () => void;
}

export function finishedNotice({ by, replay, onDownload }: Finished, undo: HTMLElement | null): HTMLElement {
  const next = replay === null ? "You can read the code here until you close this page." : "The code is read-only now.";
  const download = h("button", { type: "button", class: "button" }, "Download the code");
  download.addEventListener("click", onDownload);
  return h(
    "section",
    { class: "notice finished", role: "status", tabindex: "-1" },
    h("p", {}, h("strong", {}, finisherWords(by)), " Nothing more is recorded. ", next),
    h(
      "div",
      { class: "row" },
      undo,
      download,
      replay === null ? null : h("a", { class: "button primary", href: replay }, "Open the replay"),
    ),
  );
}

/** Who did it may be told after it is known. */
export function nameFinisher(notice: HTMLElement, by: string): void {
  notice.querySelector("strong")?.replaceChildren(finisherWords(by));
}

function finisherWords(by: string | undefined): string {
  return by === undefined ? "This interview is finished." : `${by} has finished this interview.`;
}

/**
 * A button that undoes a finish while that can be done, with the time that is left. `left_ms`: how long from now;
 * `reopen` resolves when the room is open again, and rejects with the reason in words.
 */
export function undoFinish(left_ms: number, reopen: () => Promise<void>): HTMLElement {
  const until = performance.now() + left_ms;
  const words = h("span", {});
  const button = h("button", { type: "button", class: "button" }, words);
  const problem = h("span", { role: "alert", hidden: true });
  const element = h("span", { class: "undo-finish row" }, button, problem);
  const show = (): void => {
    const left = until - performance.now();
    if (left <= 0) element.remove();
    else words.textContent = `Undo finish (${minutes(left)} left)`;
  };
  const timer = window.setInterval(() => {
    if (element.isConnected) show();
    if (performance.now() > until) window.clearInterval(timer);
  }, 1_000);
  button.addEventListener("click", () => {
    button.disabled = true;
    reopen().catch((error: unknown) => {
      problem.textContent = error instanceof Error ? error.message : String(error);
      problem.hidden = button.disabled = false;
    });
  });
  show();
  return element;
}

function minutes(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** When what had the focus is gone or hidden, it goes to the notice instead of nowhere. */
export function takeLostFocus(notice: HTMLElement): void {
  const { activeElement } = document;
  if (activeElement === null || activeElement === document.body || !activeElement.checkVisibility()) notice.focus();
}
