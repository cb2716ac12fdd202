import * as api from "./api";
import { announce, h } from "./dom";
import { moment } from "./moment";
import { problemWords } from "./navigation";

interface Session {
  id: string;
  method: string;
  browser: string;
  address: string;
  created_at: string;
  seen_at: string;
  is_current: boolean;
}

const PATH = "/api/v1/sessions";
const METHODS: Record<string, string> = {
  link: "with a sign-in link",
  password: "with a password",
  google: "with Google",
  sso: "with single sign-on",
};

/** Where somebody is signed in; each of them can be ended. */
export class SessionList {
  private readonly items = h("ul", { class: "sessions" }, h("li", { class: "quiet" }, "Loading…"));
  private readonly problem = h("p", { class: "notice danger", role: "alert", hidden: true });
  private readonly others = h("button", { type: "button", class: "button", hidden: true }, "End all others");
  readonly element = h("div", { class: "form" }, this.items, this.problem, h("div", {}, this.others));

  constructor() {
    this.others.addEventListener("click", () => void this.end("POST", `${PATH}/end-others`));
  }

  async load(): Promise<void> {
    try {
      const { items } = await api.call<{ items: Session[] }>("GET", PATH);
      this.items.replaceChildren(...items.map((session) => this.draw(session)));
      this.others.hidden = items.length < 2;
      this.problem.hidden = true;
    } catch (error) {
      this.say(error);
    }
  }

  private draw(session: Session): HTMLElement {
    const end = h(
      "button",
      { type: "button", class: "button", "aria-label": `End the session in ${session.browser}` },
      "End",
    );
    end.addEventListener("click", () => void this.end("DELETE", `${PATH}/${session.id}`));
    const method = METHODS[session.method] ?? session.method;
    return h(
      "li",
      { class: "method" },
      h(
        "div",
        { class: "method-words" },
        h(
          "div",
          { class: "row" },
          h("strong", {}, session.browser === "" ? "A browser that does not say which" : session.browser),
          session.is_current ? h("span", { class: "chip", "data-status": "active" }, "This one") : null,
        ),
        h(
          "p",
          { class: "quiet" },
          `Signed in ${method}, `,
          moment(session.created_at),
          ". Last seen ",
          moment(session.seen_at),
          session.address === "" ? "" : ` from ${session.address}`,
          ".",
        ),
      ),
      session.is_current ? null : end,
    );
  }

  private async end(method: string, path: string): Promise<void> {
    try {
      await api.call(method, path, method === "POST" ? {} : undefined);
      await this.load();
      announce("Ended");
      this.items.querySelector("button")?.focus();
    } catch (error) {
      this.say(error);
    }
  }

  private say(error: unknown): void {
    this.problem.textContent = `Not everything is shown as it is. ${problemWords(error)}`;
    this.problem.hidden = false;
  }
}
