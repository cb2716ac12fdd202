import "./style";
import "./lobby.css";
import "./lost.css";
import "./pane.css";
import "./panel.css";
import "./room.css";
import * as api from "./api";
import { closeDecisions } from "./dialog";
import { announce, h, mount, pageConfig } from "./dom";
import { Lobby, type RoomPage } from "./lobby";
import { leftNotice, unsentNotice } from "./lost_text";
import { MEMBER_ROLES, Session, type Ending } from "./session";
import { clearDrafts, leftovers } from "./leftover";
import { dropPage } from "./offline_page";
import { watchAge } from "./old_page";
import { patiently } from "./patience";
import { forget, forgetOthers, forgetTicket, recall, sweep, type Stay } from "./stay";

const page = pageConfig() as RoomPage;
const root = mount("room");
const { id } = page.interview;
/** What is kept here is not kept waiting by a server that does not answer. */
const BACK_MS = 4_000;
let lobby: Lobby | null = null;
/** Why the server, asked last, has no place for us; empty when it was something else, or has. */
let closed = "";
/** The server knows nothing of the ticket that this browser has. */
let isStranger = false;
/** Of the form or of the ticket: the last one counts. */
let attempt = 0;
/** Why the server has not heard of it yet. */
const trouble = h("p", { class: "notice", role: "status", hidden: true });

/** Back by the ticket of this browser, straight in as the link asks, or by the form. */
async function begin(): Promise<void> {
  if (page.member !== null) await forgetOthers(page.member.id);
  const stay = await ownStay();
  const wanted = { "#interviewer": "interviewer", "#observer": "observer" }[window.location.hash] as
    api.Role | undefined;
  if (wanted !== undefined && page.member !== null && stay?.request.as !== wanted) {
    const words = await enter({ as: wanted });
    if (words !== "") showLobby(words);
  } else if (stay !== null) await comeBack(stay);
  else showLobby("");
  await sweep();
}

/** Without his session a member's room is not opened. What he had not sent waits for him; the rest is of no use. */
async function ownStay(): Promise<Stay | null> {
  const stay = recall(id);
  if (stay === null || stay.member === null || stay.member === page.member?.id) return stay;
  await dropPage(id);
  if ((await leftovers(id, stay.joined.participant_id)).length === 0) forgetTicket(id);
  return null;
}

/** With the ticket; while the server is away, into the room as this browser has kept it. */
async function comeBack({ request, joined }: Stay): Promise<void> {
  const resumed = { ...request, resume: joined.ticket };
  if (joined.documents.length > 0) {
    try {
      if (admit(await api.join(id, resumed, BACK_MS), request) === "") return;
    } catch (error) {
      if (error instanceof api.Problem && error.isPassing) {
        showRoom(joined, request, true);
        return;
      }
    }
  }
  if ((await enter(resumed)) === "") return;
  showLobby(closed, request.name ?? "");
  const left = await leftovers(id, joined.participant_id);
  for (const { name, text, clear } of left) lobby?.put(unsentNotice(name, text, isStranger, () => void clear()));
  // By the ticket one comes back as the same participant, and what is unsaved with him.
  if (closed === "" && left.length === 0) forgetTicket(id);
}

/** By the form; who was here under the same name is the same participant. */
async function enterByForm(request: api.JoinRequest): Promise<string> {
  const stay = await ownStay();
  if (stay?.request.as === request.as && stay.request.name === request.name) {
    const words = await enter({ ...request, resume: stay.joined.ticket });
    if (words === "" || closed !== "") return words;
  }
  return enter(request);
}

/** Resolves to the reason when the server did not let us in. */
async function enter(request: api.JoinRequest): Promise<string> {
  const own = (attempt += 1);
  closed = "";
  isStranger = false;
  try {
    const joined = await patiently(
      () => api.join(id, request),
      (words) => {
        if (own !== attempt) throw new api.Problem(0, "");
        if (lobby === null) showLobby(words, request.name);
        else lobby.tell(words);
      },
    );
    return own === attempt ? admit(joined, request) : "";
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    isStranger = error.kind === "ticket-invalid";
    if (error.kind === "removed") {
      await showRemoved(error.message);
      return "";
    }
    // He was in already: back as what an interviewer has made of him.
    const as = MEMBER_ROLES[request.as];
    if (error.kind === "role-fixed" && as !== undefined && request.resume !== undefined) return enter({ as });
    if (error.status === 409 || error.status === 404) reloadOnce();
    return error.message;
  }
}

/** Resolves to the reason when the room is closed to us. */
function admit(joined: api.Joined, request: api.JoinRequest): string {
  if (joined.admission.state === "refused") return (closed = joined.admission.reason ?? "The room is full.");
  // What a member left here is not the visitor's who comes after him.
  const stay = recall(id);
  if (stay !== null && stay.member !== null && stay.member !== page.member?.id) void forget(id);
  showRoom(joined, request);
  return "";
}

/** What had not been sent before is shown until it is put away. */
async function showRemoved(words: string): Promise<void> {
  const participant = recall(id)?.joined.participant_id;
  const left = participant === undefined ? [] : await leftovers(id, participant);
  showEnd("removed", words, left.map(({ text }) => text).join("\n\n"));
}

/** Of this stay the browser keeps nothing to be read any more. */
function putAway(): void {
  const participant = recall(id)?.joined.participant_id;
  if (participant !== undefined) void clearDrafts(id, participant);
}

/** The server has another page for this address now; if it has not, its words are shown instead. */
function reloadOnce(): void {
  const key = `panelroom.reloaded.${id}`;
  const last = Number(sessionStorage.getItem(key) ?? "0");
  if (Math.abs(Date.now() - last) < 10_000) return;
  sessionStorage.setItem(key, String(Date.now()));
  window.location.reload();
}

function showLobby(words: string, name = ""): void {
  lobby = new Lobby(page, name, { join: enterByForm, reload: reloadOnce });
  lobby.tell(words);
  show(lobby.element, true);
}

function showRoom(joined: api.Joined, { as, name }: api.JoinRequest, isFromStorage = false): void {
  const request = name === undefined ? { as } : { as, name };
  const session = new Session(page, joined, request, { show, showEnd, showTrouble }, isFromStorage);
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

function showTrouble(words: string): void {
  trouble.textContent = `The server does not know yet that you have left. ${words}`;
  trouble.hidden = words === "";
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
      trouble,
      unsaved === "" ? null : leftNotice(unsaved, putAway),
      ending === "cancelled" ? null : again,
      page.member === null ? null : h("p", { class: "quiet" }, h("a", { href: "/" }, "All interviews")),
    ),
    true,
  );
  title.focus();
}

watchAge();
void begin();
