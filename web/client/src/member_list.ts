import * as api from "./api";
import { ask } from "./dialog";
import { announce, h } from "./dom";
import { field } from "./form_field";
import { menuButton, type MenuItem } from "./menu";
import { moment } from "./moment";
import { may, shell, type MemberRole } from "./navigation";
import { PagedList } from "./paged_list";
import { ROLES, RoleChoice } from "./role_choice";
import { showSecret } from "./secret_dialog";

interface MemberItem {
  id: string;
  email: string;
  name: string;
  role: MemberRole;
  state: "active" | "deactivated";
  time_zone: string | null;
  created_at: string;
  seen_at: string | null;
}

const PATH = "/api/v1/members";

export class MemberList {
  private readonly list: PagedList<MemberItem>;

  constructor() {
    this.list = new PagedList<MemberItem>({
      path: PATH,
      nouns: ["member", "members"],
      nothing: ({ q }) => (q === undefined ? "Nobody is here yet." : `Nobody’s name or e-mail has “${q}” in it.`),
      isPast: ({ state }) => state === "deactivated",
      columns: [
        { name: "Name", cell: person, class: "list-main", isPlain: "narrow" },
        { name: "Role", cell: ({ role }) => ROLES[role].name },
        {
          name: "Last seen",
          cell: ({ seen_at }) => (seen_at === null ? "Never" : moment(seen_at)),
          class: "list-time",
        },
        {
          name: "State",
          cell: ({ state }) => (state === "active" ? null : h("span", { class: "chip" }, "Deactivated")),
          isPlain: "narrow",
        },
        { name: "Actions", cell: (member) => this.actions(member), class: "list-actions", isPlain: "always" },
      ],
    });
  }

  get element(): HTMLElement {
    return this.list.element;
  }

  load(query?: Record<string, string>): Promise<void> {
    return this.list.load(query);
  }

  /** As it is now, where it was read already. */
  refresh(): Promise<void> {
    return this.list.refresh();
  }

  private actions(member: MemberItem): HTMLElement | null {
    if (!may("change_member") || (member.role === "owner" && !may("change_owner"))) return null;
    return menuButton(`Actions for ${member.name}`, () => this.items(member));
  }

  private items(member: MemberItem): MenuItem[] {
    if (member.state === "deactivated") return [{ label: "Reactivate…", onChoose: () => void this.reactivate(member) }];
    const items: MenuItem[] = [
      { label: "Rename…", onChoose: () => void this.rename(member) },
      { label: "Change role…", onChoose: () => void this.changeRole(member) },
      { label: "New sign-in link…", onChoose: () => void this.link(member) },
    ];
    // Nobody deactivates himself.
    if (member.id !== shell.member.id) {
      items.push({ label: "Deactivate…", isDangerous: true, onChoose: () => void this.deactivate(member) });
    }
    return items;
  }

  private async rename(member: MemberItem): Promise<void> {
    const name = h("input", { type: "text", value: member.name, required: true, maxlength: "80", autocomplete: "off" });
    await ask({
      title: "Rename",
      body: [field("Name", name, "As everybody in a room sees it.")],
      action: { label: "Rename", style: "primary" },
      cancel: "Cancel",
      act: () => this.change(member, { name: name.value }),
    });
  }

  private async changeRole(member: MemberItem): Promise<void> {
    const roles = (Object.keys(ROLES) as MemberRole[]).filter((role) => role !== "owner" || may("change_owner"));
    const choice = new RoleChoice(roles, member.role);
    const done = await ask({
      title: `Change the role of ${member.name}`,
      body: [choice.element],
      action: { label: "Change role", style: "primary" },
      cancel: "Cancel",
      act: () => this.change(member, { role: choice.chosen }),
    });
    // One's own rights are another page's now.
    if (done && member.id === shell.member.id) window.location.reload();
  }

  private async deactivate(member: MemberItem): Promise<void> {
    await ask({
      title: `Deactivate ${member.name}?`,
      body: [
        h(
          "p",
          {},
          "This ends every session at once, and the connections to rooms with them. Signing in is not possible until somebody reactivates the account.",
        ),
        h("p", { class: "quiet" }, "Interviews, recordings and keys stay as they are."),
      ],
      action: { label: "Deactivate", style: "danger" },
      cancel: "Cancel",
      act: () => this.set(member, "deactivate"),
    });
  }

  private async reactivate(member: MemberItem): Promise<void> {
    await ask({
      title: `Reactivate ${member.name}?`,
      body: [h("p", {}, `The account works as before, with the role ${ROLES[member.role].name}.`)],
      action: { label: "Reactivate", style: "primary" },
      cancel: "Cancel",
      act: () => this.set(member, "reactivate"),
    });
  }

  private async link(member: MemberItem): Promise<void> {
    let url = "";
    const made = await ask({
      title: `A sign-in link for ${member.name}`,
      body: [h("p", {}, "Whoever opens it first is signed in as this member. It works once, within 24 hours.")],
      action: { label: "Make the link", style: "primary" },
      cancel: "Cancel",
      act: async () => {
        url = (await api.call<{ url: string }>("POST", `${PATH}/${member.id}/sign-in-link`, {})).url;
      },
    });
    if (made)
      await showSecret(
        `A sign-in link for ${member.name}`,
        "Sign-in link",
        url,
        `Send it to ${member.email} alone. It is shown only now.`,
      );
  }

  private async change(member: MemberItem, change: { name?: string; role?: MemberRole }): Promise<void> {
    this.list.put(await api.call<MemberItem>("PATCH", `${PATH}/${member.id}`, change));
    announce("Saved");
  }

  private async set(member: MemberItem, action: "deactivate" | "reactivate"): Promise<void> {
    this.list.put(await api.call<MemberItem>("POST", `${PATH}/${member.id}/${action}`, {}));
    announce(action === "deactivate" ? "Deactivated" : "Reactivated");
  }
}

function person({ id, name, email }: MemberItem): HTMLElement {
  const own = id === shell.member.id ? h("span", { class: "chip" }, "You") : null;
  return h(
    "div",
    { class: "person" },
    h("div", { class: "row" }, h("bdi", { class: "person-name" }, name), own),
    h("div", { class: "person-detail" }, email),
  );
}
