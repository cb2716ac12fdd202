import * as api from "./api";
import { h } from "./dom";
import { choice, field } from "./form_field";
import { LoginMethods } from "./login_methods";
import { savingForm } from "./saving_form";
import { section, settings } from "./settings";
import { zoneInput } from "./zone_input";

interface Organisation {
  name: string;
  time_zone: string;
  policy: { interviewers: number; observers: number; guests: number; over_limit: string };
  lobby: boolean;
}

const PATH = "/api/v1/organisation";

async function save(change: Partial<Organisation>): Promise<string> {
  await api.call("PATCH", PATH, change);
  return "Saved";
}

function general(organisation: Organisation): HTMLFormElement {
  const name = h("input", {
    type: "text",
    value: organisation.name,
    required: true,
    maxlength: "200",
    autocomplete: "organization",
  });
  const zone = zoneInput(organisation.time_zone);
  return savingForm(
    "Save",
    [field("Name", name), field("Time zone", zone, "Of interviews for which nobody chooses another.")],
    async () => {
      const saved = await save({ name: name.value, time_zone: zone.value });
      const place = document.querySelector(".topbar-place");
      if (place !== null) place.textContent = name.value.trim();
      return saved;
    },
  );
}

function rooms({ policy, lobby }: Organisation): HTMLFormElement {
  const [interviewers, observers, guests] = [policy.interviewers, policy.observers, policy.guests].map(limit);
  const over = choice(
    [
      ["observe", "Watch until a seat is free"],
      ["wait", "Wait outside until a seat is free"],
      ["refuse", "Are turned away"],
    ],
    policy.over_limit,
  );
  const opens = h("input", { type: "checkbox", id: "lobby", checked: lobby });
  return savingForm(
    "Save",
    [
      h(
        "div",
        { class: "form-line" },
        ...[interviewers, observers, guests].map((input, at) =>
          input === undefined ? null : field(["Interviewers", "Observers", "Guests"][at] ?? "", input),
        ),
      ),
      field("Interviewers over the limit", over, "The candidate’s seat is always kept free, whoever else comes."),
      h(
        "label",
        { class: "choice" },
        opens,
        h("span", {}, "Candidate and guests wait until an interviewer lets them in"),
      ),
    ],
    () =>
      save({
        policy: {
          interviewers: Number(interviewers?.value),
          observers: Number(observers?.value),
          guests: Number(guests?.value),
          over_limit: over.value,
        },
        lobby: opens.checked,
      }),
  );
}

function limit(value: number): HTMLInputElement {
  return h("input", {
    type: "number",
    class: "input",
    min: "0",
    max: "1000",
    step: "1",
    required: true,
    value: String(value),
  });
}

void settings("Organisation", async () => {
  const organisation = await api.call<Organisation>("GET", PATH);
  const methods = new LoginMethods();
  void methods.load();
  return [
    section("General", "", general(organisation)),
    section("Rooms", "For new interviews. Each one can have its own.", rooms(organisation)),
    section("Signing in", "How people of your organisation prove who they are.", methods.element),
  ];
});
