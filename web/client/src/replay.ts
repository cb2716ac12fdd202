import "./style";
import "./pane.css";
import "./replay.css";
import { Problem, recordingFile, reopen } from "./api";
import { h, mount, pageConfig } from "./dom";
import { undoFinish } from "./finished_notice";
import { RecordingInvalid } from "./recording";
import { ReplayStage, type ReplayPage } from "./replay_stage";

async function main(): Promise<void> {
  const page = pageConfig() as ReplayPage;
  const stage = h(
    "main",
    { id: "main", class: "replay-main" },
    h("p", { class: "starting", role: "status" }, "Loading the recording…"),
  );
  const live = page.interview.status !== "finished";
  mount("replay").replaceChildren(
    h(
      "header",
      { class: "topbar" },
      h(
        "a",
        { class: "brand", href: "/", "aria-label": "All interviews" },
        h("span", { class: "brand-mark", "aria-hidden": "true" }),
      ),
      h("h1", { class: "topbar-title" }, page.interview.title),
      h("span", { class: "chip" }, live ? "Replay, up to when this page was opened" : "Replay"),
      h(
        "div",
        { class: "topbar-end" },
        page.undo_left_ms > 0 ? undoFinish(page.undo_left_ms, () => undo(page.interview.id)) : null,
        live ? h("a", { class: "button", href: `/i/${page.interview.id}` }, "Go to the room") : null,
      ),
    ),
    stage,
  );
  let shown: ReplayStage | null = null;
  const open = async (id: string, name: "Code" | "Notes", at_ms: number): Promise<void> => {
    try {
      const file = await recordingFile(page.interview.id, id);
      shown?.destroy();
      const tabs =
        page.documents.length > 1
          ? documentTabs(page, id, (next, nextName) => void open(next, nextName, shown?.at_ms ?? 0))
          : null;
      const replay = (shown = new ReplayStage(file, shown?.end_ms ?? 0, page, name, tabs));
      stage.replaceChildren(replay.element);
      replay.start(at_ms);
      stage.dataset["ready"] = id;
      Object.assign(window, { panelroomReplay: replay.probe() });
    } catch (error) {
      stage.replaceChildren(failure(error));
    }
  };
  const [first] = page.documents;
  const asked = Number(new URLSearchParams(window.location.search).get("t") ?? "0");
  if (first !== undefined) await open(first.id, first.name, Number.isFinite(asked) ? asked : 0);
}

async function undo(interview: string): Promise<void> {
  await reopen(interview);
  window.location.assign(`/i/${interview}#interviewer`);
}

function documentTabs(
  page: ReplayPage,
  current: string,
  onOpen: (id: string, name: "Code" | "Notes") => void,
): HTMLElement {
  const buttons = page.documents.map(({ id, name }) => {
    const button = h("button", { type: "button", "aria-pressed": String(id === current) }, name);
    button.addEventListener("click", () => {
      onOpen(id, name);
    });
    return button;
  });
  return h("div", { class: "segments", role: "group", "aria-label": "Document" }, ...buttons);
}

function failure(error: unknown): HTMLElement {
  const known = error instanceof RecordingInvalid || error instanceof Problem;
  if (!known) console.error(error);
  const words = known ? error.message : "The page could not show it.";
  const again = h("button", { type: "button", class: "button" }, "Try again");
  again.addEventListener("click", () => {
    window.location.reload();
  });
  return h(
    "div",
    { class: "notice danger replay-failure", role: "alert" },
    h("p", {}, h("strong", {}, "The recording cannot be shown. "), words),
    h(
      "p",
      {},
      "Nothing is lost: the recording itself is kept on the server. If trying again does not help, send your administrator this page's address.",
    ),
    again,
  );
}

void main();
