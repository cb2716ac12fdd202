import "./style";
import "./lobby.css";
import "./pane.css";
import "./room.css";
import * as api from "./api";
import { announce, h, mount, pageConfig } from "./dom";
import { lobby, type RoomPage } from "./lobby";
import { leftNotice } from "./lost_text";
import { admissionWords, Session, type Ending } from "./session";
import { forget, recall } from "./ticket";

const page = pageConfig() as RoomPage;
const root = mount("room");
const { id } = page.interview;

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
    if (joined.documents.length === 0) return admissionWords(joined);
    showRoom(joined, request);
    return "";
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
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
  const element = lobby(page, name, enter);
  const alert = element.querySelector<HTMLElement>("[role=alert]");
  if (words !== "" && alert !== null) {
    alert.textContent = words;
    alert.hidden = false;
  }
  document.body.classList.add("page-card");
  root.replaceChildren(element);
}

function showRoom(joined: api.Joined, { as, name }: api.JoinRequest): void {
  const session = new Session(page, joined, name === undefined ? { as } : { as, name }, showEnd);
  document.body.classList.remove("page-card");
  root.replaceChildren(session.frame.element);
  session.start();
  Object.assign(window, { panelroomRoom: session.probe() });
}

const TITLES: Record<Ending, string> = {
  left: "You have left the room",
  removed: "You were removed from the room",
  cancelled: "This interview is not there any more",
  refused: "The room is closed for you",
};

const NEXT: Record<Ending, string> = {
  left: "You can close this page, or come back in with the same link.",
  removed: "If this is a mistake, tell your interviewer by phone or mail.",
  cancelled: "If you expected an interview now, ask the person who invited you for a new link.",
  refused: "Try again; if it happens again, tell your interviewer.",
};

function showEnd(ending: Ending, words: string, unsaved: string): void {
  const again = h(
    "button",
    { type: "button", class: "button primary wide" },
    ending === "left" ? "Come back in" : "Try again",
  );
  again.addEventListener("click", () => {
    window.location.hash = "";
    window.location.reload();
  });
  document.body.classList.add("page-card");
  announce(TITLES[ending]);
  root.replaceChildren(
    h(
      "main",
      { class: "card", id: "main" },
      h("p", { class: "brand" }, h("span", { class: "brand-mark", "aria-hidden": "true" }), "Panelroom"),
      h("h1", {}, TITLES[ending]),
      words === "" ? null : h("p", {}, words),
      h("p", {}, NEXT[ending]),
      unsaved === "" ? null : leftNotice(unsaved),
      ending === "left" || ending === "refused" ? again : null,
      page.member === null ? null : h("p", { class: "quiet" }, h("a", { href: "/" }, "All interviews")),
    ),
  );
}

void begin();
