import { practise } from "./agenda";
import { h } from "./dom";
import { may, shell } from "./navigation";

/** Where a company has no interview yet: what the first one takes, and where to try it. */
export function welcome(onProblem: (words: string, error: unknown) => void): HTMLElement {
  const practice = h("button", { type: "button", class: "button" }, "Try a practice interview");
  practice.addEventListener("click", () => void openPractice(onProblem));
  return h(
    "section",
    { class: "welcome", "aria-labelledby": "welcome-title" },
    h("h2", { id: "welcome-title" }, "Your first interview"),
    h(
      "ol",
      {},
      ...first(),
      h("li", {}, h("strong", {}, "New Interview"), " opens a room at once. ", h("strong", {}, "Create Interview"), " plans one for a candidate."),
      h("li", {}, "Send the candidate the link. It is the same for everybody, and nobody needs an account for it."),
      h("li", {}, "Code and take notes together. After ", h("strong", {}, "Finish"), ", the replay is here."),
    ),
    h("div", { class: "row" }, practice, h("a", { class: "button", href: "/sample" }, "Watch a sample replay")),
  );
}

/** What an owner does before. */
function first(): HTMLElement[] {
  const profile = h("a", { href: "/profile" }, "Say who you are");
  const people = h("a", { href: "/people" }, "invite your colleagues");
  if (!shell.member.is_named)
    return [h("li", {}, profile, ": your name, your e-mail address and a password, to sign in again. Then ", people, ".")];
  return may("invite_member") ? [h("li", {}, "If you like, ", people, ".")] : [];
}

/** Of a room that counts nowhere: the page in front of it says what to try. */
export async function openPractice(onProblem: (words: string, error: unknown) => void): Promise<void> {
  try {
    const { id } = await practise();
    window.location.assign(`/i/${id}`);
  } catch (error) {
    onProblem("The practice interview could not be opened.", error);
  }
}
