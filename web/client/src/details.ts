import * as api from "./api";
import { copyButton } from "./clipboard";
import { ask } from "./dialog";
import { h, icon } from "./dom";

/** The link to a call beside the room: it opens in another tab, and the room goes on. */
export function meetingLink(url: string | null, style: string): HTMLElement[] {
  if (url === null || !url.startsWith("https://")) return [];
  const link = h("a", { class: style, href: url, target: "_blank", rel: "noopener noreferrer" });
  link.append(icon("call"), h("span", {}, "Join the call"), h("span", { class: "visually-hidden" }, " (another tab)"));
  return [link];
}

export function instructionsText(words: string): HTMLElement {
  return h("p", { class: "instructions", dir: "auto" }, words);
}

/**
 * What interviewers change from inside the room. Everybody in it sees the change at once. Only what was changed here is
 * sent: what somebody else changes meanwhile stays.
 */
export function showDetails(
  interview: { id: string; url: string },
  details: api.Details,
  /** Null: there is nothing to switch any more. */
  lobby: boolean | null,
): void {
  const title = h("input", { type: "text", id: "details-title", maxlength: "200", dir: "auto", value: details.title });
  const instructions = h("textarea", { id: "details-instructions", rows: "6", maxlength: "10000", dir: "auto" });
  instructions.value = details.instructions;
  const url = h("input", {
    type: "url",
    id: "details-url",
    placeholder: "https://",
    value: details.meeting_url ?? "",
  });
  const waits = h("input", { type: "checkbox", id: "details-lobby", checked: lobby === true });
  const problem = h("p", { class: "notice danger", role: "alert", hidden: true });
  const close = h("button", { type: "button", class: "button" }, "Close");
  const save = h("button", { class: "button primary" }, "Save");
  const form = h(
    "form",
    { class: "stack" },
    h("h2", { id: "details-heading" }, "Details of this interview"),
    problem,
    field(title, "Title", ""),
    field(instructions, "Instructions", "Candidate and guests read them before they come in, and in the room."),
    field(url, "Meeting link", "Of a call beside the room. Optional."),
    lobby === null ? null : lobbyField(waits),
    h(
      "div",
      { class: "invite" },
      h("p", { class: "quiet" }, "One link for everybody. Who has no account comes in as candidate or guest."),
      h(
        "div",
        { class: "row" },
        copyButton("Copy link", () => interview.url, "button soft"),
        copyButton("Copy invitation", () => invitation(interview.url, title.value), "button soft"),
      ),
    ),
    h("div", { class: "dialog-actions" }, close, save),
  );
  const dialog = h("dialog", { class: "dialog is-wide", "aria-labelledby": "details-heading", "data-decision": true }, form);
  const change = (): Change => {
    const meeting_url = url.value.trim() === "" ? null : url.value.trim();
    return {
      ...(title.value === details.title ? {} : { title: title.value }),
      ...(instructions.value === details.instructions ? {} : { instructions: instructions.value }),
      ...(meeting_url === details.meeting_url ? {} : { meeting_url }),
      ...(lobby === null || lobby === waits.checked ? {} : { lobby: waits.checked }),
    };
  };
  close.addEventListener("click", () => {
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue !== "" && Object.keys(change()).length > 0) tellUnsaved(dialog.returnValue, change());
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save.disabled = true;
    const changed = change();
    const call = Object.keys(changed).length === 0 ? Promise.resolve() : api.changeDetails(interview.id, changed);
    call.then(
      () => {
        dialog.close();
      },
      (error: unknown) => {
        problem.textContent = error instanceof Error ? error.message : String(error);
        problem.hidden = save.disabled = false;
      },
    );
  });
  document.body.append(dialog);
  dialog.showModal();
}

type Change = Parameters<typeof api.changeDetails>[1];

/** Longer texts can be copied. */
function tellUnsaved(why: string, { instructions }: Change): void {
  const text = h("textarea", { class: "lost-text", readonly: true, rows: "6", "aria-label": "Instructions" });
  text.value = instructions ?? "";
  const body = [h("p", {}, why), ...(text.value === "" ? [] : [h("p", {}, "You wrote these instructions:"), text])];
  void ask({ title: "Your changes to the details were not saved", body, cancel: "Close" });
}

function lobbyField(waits: HTMLInputElement): HTMLElement {
  waits.setAttribute("aria-describedby", "details-lobby-hint");
  const label = "Keep candidate and guests waiting until somebody lets them in";
  const hint = "They see neither the code nor who is here. Switched off, whoever waits comes in at once.";
  return h(
    "div",
    { class: "switch" },
    waits,
    h("label", { for: "details-lobby" }, label),
    h("p", { class: "pane-hint", id: "details-lobby-hint" }, hint),
  );
}

function invitation(url: string, title: string): string {
  return `You are invited to “${title}”.\n\nOpen this link in a browser on a computer; you need no account:\n${url}\n`;
}

function field(input: HTMLElement, label: string, hint: string): HTMLElement {
  if (hint !== "") input.setAttribute("aria-describedby", `${input.id}-hint`);
  return h(
    "div",
    { class: "field" },
    h("label", { for: input.id }, label),
    input,
    hint === "" ? null : h("p", { class: "pane-hint", id: `${input.id}-hint` }, hint),
  );
}
