import "./style";
import "./lost.css";
import { recentLobby } from "./api";
import { showLeftovers } from "./leftover_notice";
import { dropPage } from "./offline_page";

const LOOK_MS = 3_000;

/** In front of a room that is over, or was cancelled. As long as the finish can be undone the page looks whether it was. */
const hint = document.getElementById("reopening");
const left_ms = Number(hint?.dataset["leftMs"] ?? "0");
const until = performance.now() + left_ms;
const interview = window.location.pathname.split("/").at(-1) ?? "";
let timer = 0;

async function look(): Promise<void> {
  window.clearTimeout(timer);
  try {
    if ((await recentLobby(interview)).status !== "finished") {
      window.location.reload();
      return;
    }
  } catch {
    // The network, or the server for a moment: it is looked again.
  }
  // One look more than there is time: whoever undid it at the last moment is seen.
  if (performance.now() > until) hint?.remove();
  else timer = window.setTimeout(() => void look(), LOOK_MS);
}

if (left_ms > 0) {
  void look();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && hint?.isConnected === true) void look();
  });
}

void dropPage(interview);
void showLeftovers(interview, (notice) => document.querySelector("h1")?.after(notice));
