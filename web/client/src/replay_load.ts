import { Problem, recordingFile } from "./api";
import { h } from "./dom";
import { loadRecording, RecordingInvalid, type Recording } from "./recording";

/** A document's recording; with `after`, only what came after that entry. */
export async function load(
  interview: string,
  document: string,
  onProgress: (done: number) => void,
  after?: number,
): Promise<Recording> {
  const response = await recordingFile(interview, document, after);
  if (response.body === null) throw new RecordingInvalid("The server has sent nothing.");
  try {
    return await loadRecording(response.body, onProgress);
  } catch (error) {
    // What reading a response's body fails with when the connection breaks.
    if (error instanceof TypeError || error instanceof DOMException) throw new Problem(0, "The connection was lost while the recording was on its way.");
    throw error;
  }
}

/** Within this the server has answered. */
const USUAL_MS = 6_000;

/** Shown while it loads. */
export class Progress {
  private readonly words = h("p", { role: "status" }, "Preparing the recording…");
  private readonly bar = h("progress", { max: "1", value: "0", "aria-label": "Preparing the recording" });
  readonly element = h("div", { class: "starting replay-loading" }, this.words, this.bar);
  private readonly timer = window.setTimeout(() => {
    this.words.textContent = "Preparing the recording… This takes longer than usual, and goes on.";
  }, USUAL_MS);

  show(done: number): void {
    window.clearTimeout(this.timer);
    this.bar.value = done;
    this.words.textContent = `Preparing the recording… ${Math.floor(done * 100)} %`;
  }
}

export interface Words {
  title: string;
  words: string;
  next: string;
}

/** Every failure in words, with what to do next. `onAgain`: without losing the moment. */
export function failure(error: unknown, onAgain: () => void): HTMLElement {
  const { title, words, next } = wordsOf(error);
  return h(
    "div",
    { class: "notice danger replay-failure", role: "alert" },
    h("h2", {}, title),
    h("p", {}, words),
    h("p", {}, next),
    h("button", { type: "button", class: "button", click: onAgain }, "Try again"),
  );
}

export function wordsOf(error: unknown): Words {
  const kept = "Nothing is lost: the record itself is kept on the server.";
  if (error instanceof RecordingInvalid) {
    return {
      title: "The recording cannot be shown.",
      words: error.message,
      next: `${kept} If trying again does not help, send your administrator this page's address.`,
    };
  }
  if (error instanceof Problem && (error.status === 401 || error.status === 403 || error.status === 404)) {
    return {
      title: "The recording is not open to you.",
      words: error.message,
      next: "You may have been signed out: sign in again in another window, then try again here.",
    };
  }
  if (error instanceof Problem && error.status === 0) {
    return { title: "The recording could not be loaded.", words: error.message, next: "Check your connection, then try again." };
  }
  if (error instanceof Problem) {
    return {
      title: "The server could not give out the recording.",
      words: error.message,
      next: `${kept} Try again in a moment; if that does not help, send your administrator this page's address.`,
    };
  }
  console.error(error);
  return {
    title: "The recording cannot be shown.",
    words: "Something went wrong in this page.",
    next: `${kept} If trying again does not help, send your administrator this page's address.`,
  };
}
