import { membersNamed } from "./agenda";
import { h } from "./dom";
import { field } from "./form_field";
import { may } from "./navigation";

const PAUSE_MS = 150;

export const EMAILS_HINT = "E-mail addresses, with commas between them.";

/** E-mail addresses, with commas between them; members are proposed by name and address. */
export function interviewerField(label: string, emails: readonly string[], hint?: string): { element: HTMLElement; emails: () => string[] } {
  const input = h("input", { type: "email", multiple: true, autocomplete: "off" });
  input.value = emails.join(", "); // as an attribute after `multiple`, Chromium shows nothing of it
  const element = field(label, input, hint);
  const names = h("datalist", { id: `${input.id}-names` });
  input.setAttribute("list", names.id);
  element.append(names);
  let timer = 0;
  const propose = async (): Promise<void> => {
    const typed = input.value.split(",").at(-1)?.trim() ?? "";
    const found = await membersNamed(typed).catch(() => []); // without proposals one types the address
    names.replaceChildren(...found.map(({ email, name }) => h("option", { value: email }, name)));
  };
  const soon = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void propose(), PAUSE_MS);
  };
  if (may("see_members")) {
    input.addEventListener("input", soon);
    input.addEventListener("focus", soon);
  }
  const given = (): string[] => input.value.split(",").map((email) => email.trim()).filter((email) => email !== "");
  return { element, emails: given };
}
