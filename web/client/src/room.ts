import "./style";
import "./lobby.css";
import "./pane.css";
import "./panel.css";
import "./room.css";
import * as api from "./api";
import { closeDecisions } from "./dialog";
import { announce, h, mount, pageConfig } from "./dom";
import { Lobby, type RoomPage } from "./lobby";
import { leftNotice } from "./lost_text";
import { Session, type Ending } from "./session";
import { forget, recall } from "./ticket";

const page = pageConfig() as RoomPage;
const root = mount("room");
const { id } = page.interview;
let lobby: Lobby | null = null;

/** Back by the ticket of this browser, straight in as the link asks, or by the form. */
async function begin(): Promise<void> {
  const entry = recall(id);
  const wanted = { "#interviewer": "interviewer", "#observer": "observer" }[window.location.hash] as
    api.Role | undefined;
  if (wanted !== undefined && page.member !== null && entry?.request.as !== wanted) {
    const words = await enter({ as: wanted });
    if (words !== "") showLobby(words);
  } else if (entry !== null) {
    const words = await enter({ ...entry.request, resume: entry.ticket });
    if (words !== "") {
      forget(id);
      showLobby("", entry.request.name ?? "");
    }
  } else showLobby("");
}

/** Resolves to the reason when the server did not let us in. */
async function enter(request: api.JoinRequest): Promise<string> {
  try {
    const joined = await api.join(id, request);
    if (joined.admission.state === "refused") return joined.admission.reason ?? "The room is full.";
    showRoom(joined, request);
    return "";
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    if (error.kind === "removed") {
      showEnd("removed", error.message, "");
      return "";
    }
    if (error.status === 409 || error.status === 404) reloadOnce();
    return error.message;
  }
}

/** The server has another page for this address now; if it has not, its words are shown instead. */
function reloadOnce(): void {
  const key = `panelroom.reloaded.${id}`;
  const last = Number(sessionStorage.getItem(key) ?? "0");
  if (Date.now() - last < 10_000) return;
  sessionStorage.setItem(key, String(Date.now()));
  window.location.reload();
}

function showLobby(words: string, name = ""): void {
  lobby = new Lobby(page, name, { join: enter, reload: reloadOnce });
  lobby.tell(words);
  show(lobby.element, true);
}

function showRoom(joined: api.Joined, { as, name }: api.JoinRequest): void {
  const session = new Session(page, joined, name === undefined ? { as } : { as, name }, show, showEnd);
  session.start();
  Object.assign(window, { panelroomRoom: session.probe() });
}

function show(element: HTMLElement, isCard: boolean): void {
  if (element !== lobby?.element) {
    lobby?.close();
    lobby = null;
  }
  document.body.classList.toggle("page-card", isCard);
  // Taken out and put back, an element loses focus, caret and scroll.
  if (root.lastElementChild !== element || root.childElementCount > 1) root.replaceChildren(element);
}

const TITLES: Record<Ending, string> = {
  left: "You have left the room",
  removed: "You were removed from the room",
  cancelled: "This interview is not there any more",
  refused: "The room is closed for you",
};

const NEXT: Record<Ending, string> = {
  left: "You can close this page, or come back in with the same link.",
  removed: "If this is a mistake, tell your interviewer by phone or mail: an interviewer can let you back in. Then try again here.",
  cancelled: "If you expected an interview now, ask the person who invited you for a new link.",
  refused: "Try again; if it happens again, tell your interviewer.",
};

function showEnd(ending: Ending, words: string, unsaved: string): void {
  const again = h(
    "button",
    { type: "button", class: ending === "removed" ? "button wide" : "button primary wide" },
    ending === "left" ? "Come back in" : "Try again",
  );
  again.addEventListener("click", () => {
    window.location.hash = "";
    window.location.reload();
  });
  closeDecisions(`${TITLES[ending]}.`);
  announce(`${TITLES[ending]}. ${words}`);
  const title = h("h1", { tabindex: "-1" }, TITLES[ending]);
  show(
    h(
      "main",
      { class: "card", id: "main" },
      h("p", { class: "brand" }, h("span", { class: "brand-mark", "aria-hidden": "true" }), "Panelroom"),
      title,
      words === "" ? null : h("p", { class: "ending-words", dir: "auto" }, words),
      h("p", {}, NEXT[ending]),
      unsaved === "" ? null : leftNotice(unsaved),
      ending === "cancelled" ? null : again,
      page.member === null ? null : h("p", { class: "quiet" }, h("a", { href: "/" }, "All interviews")),
    ),
    true,
  );
  title.focus();
}

void begin();
