import { ask } from "./dialog";
import { h } from "./dom";
import { cleanName, languageByName, MOST_NAME, nameProblem, type RoomFile } from "./file";
import { choice, field } from "./form_field";
import { isolated } from "./isolated";
import { languageChoices } from "./languages";

type Answer = Pick<RoomFile, "name" | "language">;

interface FileQuestion {
  title: string;
  submit: string;
  name: string;
  language: string;
  /** The names of the other files. */
  others: readonly string[];
}

/** For a name and a language. The language goes by the ending of the name until one has chosen it. */
export async function askFile({ title, submit, name, language, others }: FileQuestion): Promise<Answer | null> {
  const input = h("input", {
    type: "text",
    value: name,
    maxlength: String(2 * MOST_NAME),
    dir: "auto",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    placeholder: "helper.py",
    autofocus: true,
  });
  const select = choice(languageChoices(language), language);
  let chosen = false;
  select.addEventListener("change", () => {
    chosen = true;
  });
  const check = (): void => {
    input.setCustomValidity(nameProblem(input.value, others) ?? "");
  };
  check();
  input.addEventListener("input", () => {
    check();
    const told = languageByName(cleanName(input.value));
    if (!chosen && told !== null) select.value = told;
  });
  input.addEventListener("focus", () => {
    const ending = input.value.lastIndexOf(".");
    input.setSelectionRange(0, ending > 0 ? ending : input.value.length);
  });
  const sure = await ask({
    title,
    body: [field("Name", input), field("Language", select)],
    action: { label: submit, style: "primary" },
    cancel: "Cancel",
  });
  return sure ? { name: cleanName(input.value), language: select.value } : null;
}

/** `there`: the names of who has the caret in it. */
export function askDelete(name: string, lines: number, there: readonly string[]): Promise<boolean> {
  const size = lines === 0 ? "It is empty." : lines === 1 ? "It has 1 line." : `It has ${lines} lines.`;
  const names = there.map(isolated).join(", ");
  const people = there.length === 0 ? "" : ` ${names} ${there.length === 1 ? "is" : "are"} in it now.`;
  return ask({
    title: `Delete ${isolated(name)}?`,
    body: [
      h("p", {}, `The file goes away for everybody in the room. ${size}${people}`),
      h("p", {}, "Right after it, you can undo this."),
    ],
    action: { label: "Delete for everybody", style: "danger" },
    cancel: "Keep it",
  });
}
