import "./form.css";
import * as api from "./api";
import { ask } from "./dialog";
import { announce, h, icon, mount } from "./dom";
import { field } from "./form_field";
import { moment } from "./moment";
import { PagedList } from "./paged_list";
import { showSecret } from "./secret_dialog";

interface KeyItem {
  id: string;
  description: string;
  scopes: string[];
  created_at: string;
  created_by: { id: string; name: string } | null;
  used_at: string | null;
  revoked_at: string | null;
}

const PATH = "/api/v1/keys";

const SCOPES: Record<string, string> = {
  liveInterview: "Make interviews, and see and change those it made",
  "liveInterview.company.read": "See all interviews",
  "liveInterview.company.write": "Make interviews, and change all of them",
  "liveInterview.company": "See and change all interviews",
};

const list = new PagedList<KeyItem>({
  path: PATH,
  nouns: ["key", "keys"],
  nothing: () => "There is no key. A scheduler or a program of yours makes interviews with one.",
  isPast: ({ revoked_at }) => revoked_at !== null,
  columns: [
    { name: "Key", cell: description, class: "list-main", isPlain: "narrow" },
    { name: "Made", cell: made, class: "list-time" },
    { name: "Last used", cell: ({ used_at }) => (used_at === null ? "Never" : moment(used_at)), class: "list-time" },
    { name: "Revoke", cell: revocation, class: "list-actions", isPlain: "always" },
  ],
});

function description({ description, scopes }: KeyItem): HTMLElement {
  const names = scopes.map((scope) => h("li", { title: SCOPES[scope] ?? "" }, h("code", {}, scope)));
  return h(
    "div",
    { class: "person" },
    h("bdi", { class: "person-name" }, description),
    h("ul", { class: "scopes" }, ...names),
  );
}

function made({ created_at, created_by }: KeyItem): HTMLElement {
  const by = created_by === null ? "on the command line" : h("span", {}, "by ", h("bdi", {}, created_by.name));
  return h("span", {}, moment(created_at), " ", by);
}

function revocation(key: KeyItem): HTMLElement {
  if (key.revoked_at !== null) return h("span", { class: "chip" }, "Revoked");
  const button = h(
    "button",
    { type: "button", class: "button danger-quiet", "aria-label": `Revoke ${key.description}` },
    "Revoke…",
  );
  button.addEventListener("click", () => void revoke(key));
  return button;
}

async function create(): Promise<void> {
  const words = h("input", { type: "text", required: true, maxlength: "200", autocomplete: "off" });
  const scopes = Object.entries(SCOPES).filter(([scope]) => scope !== "liveInterview.company");
  const boxes = scopes.map(([scope], at) => h("input", { type: "checkbox", value: scope, checked: at === 0 }));
  const made: (KeyItem & { key: string })[] = [];
  await ask({
    title: "Make a key",
    body: [
      field("Description", words, "What uses it: you will find it again by this."),
      h(
        "fieldset",
        { class: "choices" },
        h("legend", {}, "It may"),
        ...boxes.map((box, at) => {
          const [scope, may] = scopes[at] ?? ["", ""];
          return h("label", { class: "choice" }, box, h("span", {}, may, h("code", {}, scope)));
        }),
      ),
    ],
    action: { label: "Make the key", style: "primary" },
    cancel: "Cancel",
    act: async () => {
      const chosen = boxes.filter(({ checked }) => checked).map(({ value }) => value);
      if (chosen.length === 0) throw new Error("Tick at least one thing that the key may do.");
      made.push(await api.call<KeyItem & { key: string }>("POST", PATH, { description: words.value, scopes: chosen }));
    },
  });
  for (const key of made) {
    list.put(key);
    await showSecret(
      "The key is made",
      "Key",
      key.key,
      "Copy it now: it is kept as a hash and never shown again. It is sent as Authorization: Bearer KEY.",
    );
  }
}

async function revoke(key: KeyItem): Promise<void> {
  await ask({
    title: "Revoke this key?",
    body: [
      h("p", {}, "Whatever uses “", h("bdi", {}, key.description), "” is refused from now on. This cannot be undone."),
      h("p", { class: "quiet" }, "The interviews that it made stay."),
    ],
    action: { label: "Revoke", style: "danger" },
    cancel: "Cancel",
    act: async () => {
      await api.call("DELETE", `${PATH}/${key.id}`);
      list.put({ ...key, revoked_at: new Date().toISOString() });
      announce("Revoked");
    },
  });
}

const make = h("button", { type: "button", class: "button primary" }, icon("plus"), "Make a key");
make.addEventListener("click", () => void create());
mount("main").append(
  h("div", { class: "place-head" }, h("h1", {}, "Keys"), make),
  h(
    "p",
    { class: "place-words" },
    "With a key a program acts for the organisation, not for a person: it goes on when whoever made it leaves.",
  ),
  list.element,
);
void list.load();
