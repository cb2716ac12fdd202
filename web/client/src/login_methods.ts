import "./form.css";
import * as api from "./api";
import { copyButton } from "./clipboard";
import { ask } from "./dialog";
import { announce, h } from "./dom";
import { field } from "./form_field";
import { may, problemWords } from "./navigation";

type Kind = "google" | "sso";

interface Provider {
  kind: Kind;
  issuer: string;
  client_id: string;
  has_secret: boolean;
  domains: string[];
  is_required: boolean;
}

interface LogIn {
  password: boolean;
  providers: Provider[];
  callback_url: string;
}

const PATH = "/api/v1/organisation/log-in";
const NAMES: Record<Kind, string> = { google: "Google", sso: "Single sign-on" };

/** The ways to sign in: Google and a provider of one's own, each set up in a dialog. */
export class LoginMethods {
  readonly element = h("div", { class: "methods" }, h("p", { class: "quiet", role: "status" }, "Loading…"));

  async load(): Promise<void> {
    try {
      this.show(await api.call<LogIn>("GET", PATH));
    } catch (error) {
      const problem = h("p", { class: "notice danger", role: "alert" }, `This cannot be shown. ${problemWords(error)}`);
      this.element.replaceChildren(problem);
    }
  }

  private show(login: LogIn): void {
    const kinds: Kind[] = ["google", "sso"];
    this.element.replaceChildren(
      method(
        "Password",
        login.password
          ? "For everybody who has set one in the profile."
          : "Nobody: a provider is required for every address.",
      ),
      ...kinds.map((kind) => this.provider(kind, login)),
      ...(may("change_login") ? [] : [h("p", { class: "quiet" }, "Only an owner changes this.")]),
    );
  }

  private provider(kind: Kind, login: LogIn): HTMLElement {
    const known = login.providers.find((provider) => provider.kind === kind) ?? null;
    const name = NAMES[kind];
    const words =
      known === null
        ? kind === "google"
          ? "Not set up."
          : "Not set up. Any OpenID Connect provider will do."
        : described(known);
    if (!may("change_login")) return method(name, words);
    const change = h(
      "button",
      { type: "button", class: "button", "aria-label": known === null ? `Set up ${name}` : `Change ${name}` },
      known === null ? "Set up…" : "Change…",
    );
    change.addEventListener("click", () => void this.change(kind, known, login.callback_url));
    if (known === null) return method(name, words, change);
    const remove = h(
      "button",
      { type: "button", class: "button danger-quiet", "aria-label": `Remove ${name}` },
      "Remove…",
    );
    remove.addEventListener("click", () => void this.remove(kind));
    return method(name, words, change, remove);
  }

  private async change(kind: Kind, known: Provider | null, callback: string): Promise<void> {
    const text = (value: string, isRequired = true): HTMLInputElement =>
      h("input", {
        type: "text",
        class: "input",
        value,
        required: isRequired,
        autocomplete: "off",
        spellcheck: "false",
      });
    const issuer = text(known?.issuer ?? "");
    issuer.type = "url";
    issuer.placeholder = "https://login.example.com";
    const client = text(known?.client_id ?? "");
    const secret = text("", kind === "google" && known?.has_secret !== true);
    secret.type = "password";
    const domains = text(known?.domains.join(", ") ?? "", kind === "google");
    domains.placeholder = "example.com, example.org";
    const required = h("input", { type: "checkbox", checked: known?.is_required ?? false });
    const done = await ask({
      title: known === null ? `Set up ${NAMES[kind]}` : `Change ${NAMES[kind]}`,
      body: [
        h(
          "div",
          { class: "form-field" },
          h("p", {}, "Register Panelroom there with this redirect address:"),
          h(
            "div",
            { class: "secret-line" },
            h("code", { class: "secret" }, callback),
            copyButton("Copy", () => callback, "button"),
          ),
        ),
        ...(kind === "sso"
          ? [field("Issuer", issuer, "Its address, below which it serves /.well-known/openid-configuration.")]
          : []),
        field("Client id", client),
        field(
          "Client secret",
          secret,
          known?.has_secret === true ? "Leave it empty to keep the one that is set." : undefined,
        ),
        field("E-mail domains", domains, "Only addresses of these sign in this way. With commas between them."),
        h(
          "label",
          { class: "choice" },
          required,
          h(
            "span",
            {},
            h("strong", {}, "Required"),
            h("span", {}, "Nobody with an address of these domains signs in with a password."),
          ),
        ),
      ],
      action: { label: "Save", style: "primary" },
      cancel: "Cancel",
      act: async () => {
        await api.call("PUT", `${PATH}/${kind}`, {
          ...(kind === "sso" ? { issuer: issuer.value.trim() } : {}),
          client_id: client.value.trim(),
          ...(secret.value === "" ? {} : { client_secret: secret.value }),
          domains: domains.value.split(/[\s,;]+/).filter((domain) => domain !== ""),
          is_required: required.checked,
        });
      },
    });
    if (done) await this.changed("Saved");
  }

  private async remove(kind: Kind): Promise<void> {
    const done = await ask({
      title: `Remove ${NAMES[kind]}?`,
      body: [
        h(
          "p",
          {},
          "Nobody signs in this way any more. Whoever has no password needs a sign-in link from an admin then.",
        ),
      ],
      action: { label: "Remove", style: "danger" },
      cancel: "Cancel",
      act: async () => {
        await api.call("DELETE", `${PATH}/${kind}`);
      },
    });
    if (done) await this.changed("Removed");
  }

  /** The buttons are new ones: the focus is back where it was in order. */
  private async changed(words: string): Promise<void> {
    await this.load();
    announce(words);
    this.element.querySelector("button")?.focus();
  }
}

function method(name: string, words: string, ...buttons: HTMLElement[]): HTMLElement {
  return h(
    "div",
    { class: "method" },
    h("div", { class: "method-words" }, h("h3", {}, name), h("p", { class: "quiet" }, words)),
    h("div", { class: "row" }, ...buttons),
  );
}

function described({ kind, issuer, domains, is_required }: Provider): string {
  const whose = domains.length === 0 ? "Any address" : `Addresses of ${domains.join(", ")}`;
  const where = kind === "google" ? "" : ` at ${issuer}`;
  return `${whose}${where}. ${is_required ? "Required: no passwords for these." : "Passwords go on, too."}`;
}
