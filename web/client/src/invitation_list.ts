import * as api from "./api";
import { ask } from "./dialog";
import { announce, h } from "./dom";
import { field } from "./form_field";
import { menuButton, type MenuItem } from "./menu";
import { moment, ownZone } from "./moment";
import { may, type MemberRole } from "./navigation";
import { PagedList } from "./paged_list";
import { ROLES, RoleChoice } from "./role_choice";
import { showSecret } from "./secret_dialog";

interface InvitationItem {
  id: string;
  email: string;
  name: string | null;
  role: MemberRole;
  state: "pending" | "accepted" | "expired" | "revoked";
  invited_by: { id: string; name: string } | null;
  created_at: string;
  expires_at: string;
  accepted_at: string | null;
}

type Fresh = InvitationItem & { url: string };

const PATH = "/api/v1/invitations";
const STATES: Record<InvitationItem["state"], string> = {
  pending: "Pending",
  accepted: "Accepted",
  expired: "Expired",
  revoked: "Revoked",
};

export class InvitationList {
  private readonly list: PagedList<InvitationItem>;

  constructor() {
    this.list = new PagedList<InvitationItem>({
      path: PATH,
      nouns: ["invitation", "invitations"],
      nothing: () => "Nobody is invited. Invite makes a link that you send to a colleague, who then has an account.",
      isPast: ({ state }) => state === "accepted" || state === "revoked",
      columns: [
        { name: "Who", cell: person, class: "list-main", isPlain: "narrow" },
        { name: "Role", cell: ({ role }) => ROLES[role].name },
        { name: "Invited", cell: invited, class: "list-time" },
        { name: "State", cell: state, isPlain: "narrow" },
        { name: "Actions", cell: (invitation) => this.actions(invitation), class: "list-actions", isPlain: "always" },
      ],
    });
  }

  get element(): HTMLElement {
    return this.list.element;
  }

  load(): Promise<void> {
    return this.list.load();
  }

  /** Resolves to whether somebody was invited. */
  async invite(): Promise<boolean> {
    const email = h("input", { type: "email", class: "input", required: true, maxlength: "254", autocomplete: "off" });
    const name = h("input", { type: "text", maxlength: "80", autocomplete: "off" });
    const roles = (Object.keys(ROLES) as MemberRole[]).filter((role) => role !== "owner" || may("change_owner"));
    const choice = new RoleChoice(roles, "member");
    const made: Fresh[] = [];
    const invited = await ask({
      title: "Invite a colleague",
      body: [field("E-mail", email), field("Name (optional)", name, "Whoever accepts can change it."), choice.element],
      action: { label: "Make the invitation", style: "primary" },
      cancel: "Cancel",
      act: async () => {
        const body = { email: email.value, role: choice.chosen };
        made.push(await api.call<Fresh>("POST", PATH, name.value.trim() === "" ? body : { ...body, name: name.value }));
      },
    });
    await this.showLinks(made);
    return invited;
  }

  /** As it is now, where it was read already. */
  refresh(): Promise<void> {
    return this.list.refresh();
  }

  private actions(invitation: InvitationItem): HTMLElement | null {
    const isOpen = invitation.state === "pending" || invitation.state === "expired";
    if (!isOpen || (invitation.role === "owner" && !may("change_owner"))) return null;
    const items: MenuItem[] = [
      { label: "New link…", onChoose: () => void this.renew(invitation) },
      { label: "Revoke…", isDangerous: true, onChoose: () => void this.revoke(invitation) },
    ];
    return menuButton(`Actions for ${invitation.email}`, () => items);
  }

  private async renew(invitation: InvitationItem): Promise<void> {
    const made: Fresh[] = [];
    await ask({
      title: "Make a new link?",
      body: [h("p", {}, `The link that ${invitation.email} has does not work any more then.`)],
      action: { label: "Make a new link", style: "primary" },
      cancel: "Cancel",
      act: async () => {
        made.push(await api.call<Fresh>("POST", `${PATH}/${invitation.id}/renew`, {}));
      },
    });
    await this.showLinks(made);
  }

  private async showLinks(made: Fresh[]): Promise<void> {
    for (const { url, ...invitation } of made) {
      this.list.put(invitation);
      const until = new Date(invitation.expires_at).toLocaleDateString(undefined, { timeZone: ownZone, dateStyle: "long" });
      const words = `Send this link to ${invitation.email} alone: whoever opens it joins in their name. It works until ${until}, and is shown only now.`;
      await showSecret("The invitation is made", "Invitation link", url, words);
    }
  }

  private async revoke(invitation: InvitationItem): Promise<void> {
    await ask({
      title: "Revoke this invitation?",
      body: [h("p", {}, `The link that ${invitation.email} has does not work any more then.`)],
      action: { label: "Revoke", style: "danger" },
      cancel: "Cancel",
      act: async () => {
        await api.call("DELETE", `${PATH}/${invitation.id}`);
        this.list.put({ ...invitation, state: "revoked" });
        announce("Revoked");
      },
    });
  }
}

function person({ name, email }: InvitationItem): HTMLElement {
  const called = name === null || name === "" ? null : h("bdi", { class: "person-name" }, name);
  return h(
    "div",
    { class: "person" },
    called,
    h("div", { class: called === null ? "person-name" : "person-detail" }, email),
  );
}

function invited({ created_at, invited_by }: InvitationItem): HTMLElement {
  return h("span", {}, moment(created_at), ...(invited_by === null ? [] : [" by ", h("bdi", {}, invited_by.name)]));
}

function state({ state, expires_at, accepted_at }: InvitationItem): HTMLElement {
  const chip = h("span", { class: "chip", "data-state": state }, STATES[state]);
  const at = state === "pending" ? expires_at : state === "accepted" ? accepted_at : null;
  return h(
    "span",
    { class: "row" },
    chip,
    at === null ? null : h("span", { class: "list-time" }, state === "pending" ? "until " : "", moment(at)),
  );
}
