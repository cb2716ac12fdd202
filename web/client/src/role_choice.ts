import "./form.css";
import { h } from "./dom";
import type { MemberRole } from "./navigation";

export const ROLES: Record<MemberRole, { name: string; may: string }> = {
  owner: { name: "Owner", may: "Everything: also who is an owner, and how people sign in." },
  admin: { name: "Admin", may: "People, keys, settings and the audit log, and all interviews with their notes." },
  member: { name: "Member", may: "Makes interviews, and sees and changes all of them." },
  limited: { name: "Limited", may: "Sees and joins only the interviews assigned to this person. Makes none." },
};

/** One of these roles, with what each may do. */
export class RoleChoice {
  readonly element: HTMLFieldSetElement;
  private readonly options: HTMLInputElement[];

  constructor(roles: readonly MemberRole[], chosen: MemberRole) {
    this.options = roles.map((role) =>
      h("input", { type: "radio", name: "role", value: role, id: `role-${role}`, checked: role === chosen }),
    );
    this.element = h(
      "fieldset",
      { class: "choices" },
      h("legend", {}, "Role"),
      ...this.options.map((option) => {
        const { name, may } = ROLES[option.value as MemberRole];
        return h("label", { class: "choice" }, option, h("span", {}, h("strong", {}, name), h("span", {}, may)));
      }),
    );
  }

  get chosen(): MemberRole {
    return (this.options.find(({ checked }) => checked)?.value ?? "member") as MemberRole;
  }
}
