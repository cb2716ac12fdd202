import * as api from "./api";
import { h, pageConfig } from "./dom";
import { field } from "./form_field";
import { shell, type MemberRole } from "./navigation";
import { ROLES } from "./role_choice";
import { savingForm } from "./saving_form";
import { SessionList } from "./session_list";
import { section, settings } from "./settings";
import { browserZone } from "./wall_clock";
import { zoneInput } from "./zone_input";

interface Profile {
  name: string;
  email: string;
  role: MemberRole;
  time_zone: string | null;
  has_password: boolean;
}

const PATH = "/api/v1/profile";
const { min_password } = pageConfig() as { min_password: number };

/** `username`: for password managers, whose password it is. */
function person(profile: Profile, username: HTMLInputElement): HTMLElement {
  const name = h("input", { type: "text", value: profile.name, required: true, maxlength: "80", autocomplete: "name" });
  const zone = zoneInput(profile.time_zone ?? "", `As this browser has it: ${browserZone}`);
  const { name: role, may } = ROLES[profile.role];
  const email = h("input", { type: "email", class: "input", required: true, maxlength: "254", autocomplete: "email" });
  const emailField = field("E-mail", email, "Your own: you sign in with it. It can be set once.");
  let isNew = !shell.member.is_named;
  const form = savingForm(
    "Save",
    [
      ...(isNew ? [emailField] : []),
      field("Name", name, "As everybody in a room sees it."),
      field("Time zone", zone),
    ],
    async () => {
      const changes = { name: name.value, time_zone: zone.value === "" ? null : zone.value };
      const saved = await api.call<Profile>("PATCH", PATH, isNew ? { ...changes, email: email.value } : changes);
      if (isNew) {
        isNew = false;
        emailField.remove();
        username.value = saved.email;
        facts.prepend(h("dt", {}, "E-mail"), h("dd", {}, saved.email));
      }
      const who = document.querySelector(".topbar-who");
      if (who !== null) who.textContent = name.value.trim();
      return "Saved";
    },
  );
  const facts = h(
    "dl",
    { class: "facts" },
    ...(isNew ? [] : [h("dt", {}, "E-mail"), h("dd", {}, profile.email)]),
    h("dt", {}, "Role"),
    h("dd", {}, h("strong", {}, role), " ", h("span", { class: "quiet" }, may)),
  );
  return h("div", { class: "form" }, facts, form);
}

function password(has: boolean, username: HTMLInputElement, sessions: SessionList): HTMLElement {
  const current = h("input", { type: "password", class: "input", autocomplete: "current-password" });
  const wanted = h("input", { type: "password", class: "input", autocomplete: "new-password", required: true });
  const currentField = field(
    "Current password",
    current,
    "Not needed shortly after you have signed in with a one-time link.",
  );
  currentField.hidden = !has;
  const form = savingForm(
    has ? "Change password" : "Set password",
    [
      username,
      currentField,
      field("New password", wanted, `At least ${min_password} characters. Several words are good.`),
    ],
    async () => {
      await api.call(
        "PUT",
        `${PATH}/password`,
        current.value === "" ? { password: wanted.value } : { current: current.value, password: wanted.value },
      );
      currentField.hidden = false;
      part.querySelector(".setting-about p")?.remove();
      part.querySelector("form button")?.replaceChildren("Change password");
      current.value = wanted.value = "";
      await sessions.load();
      return "Saved. Your other sessions are ended.";
    },
  );
  const part = section("Password", has ? "" : "You have none yet. With one you sign in without a link.", form);
  return part;
}

void settings("Your profile", async () => {
  const profile = await api.call<Profile>("GET", PATH);
  const sessions = new SessionList();
  void sessions.load();
  const username = h("input", {
    type: "text",
    class: "visually-hidden",
    autocomplete: "username",
    value: profile.email,
    readonly: true,
    tabindex: "-1",
    "aria-hidden": "true",
  });
  return [
    section("You", "", person(profile, username)),
    password(profile.has_password, username, sessions),
    section(
      "Sessions",
      "Where you are signed in. End what you do not know, and change your password then.",
      sessions.element,
    ),
  ];
});
