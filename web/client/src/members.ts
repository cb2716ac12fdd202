import { Feed } from "./dashboard_feed";
import { h, icon, mount } from "./dom";
import { InvitationList } from "./invitation_list";
import { MemberList } from "./member_list";
import { may } from "./navigation";
import { SearchBox } from "./search_box";
import { tabList, type Tab } from "./tabs";

/** Who belongs to the organisation; for those who invite, also who is invited. */
const members = new MemberList();
const invitations = new InvitationList();
const search = new SearchBox(
  "Search by name or e-mail",
  "Search by name or e-mail",
  (words) => void members.load(words === "" ? {} : { q: words }),
);
const head = h("div", { class: "place-head" }, h("h1", {}, "People"));
const tools = h("div", { class: "place-tools" });
mount("main").append(head, tools, members.element);

if (may("invite_member")) {
  const invite = h("button", { type: "button", class: "button primary" }, icon("plus"), "Invite");
  const tabs: Tab[] = [
    { id: "members", name: "Members", panel: members.element },
    { id: "invitations", name: "Invitations", panel: invitations.element },
  ];
  mount("main").append(invitations.element);
  head.append(invite);
  const list = tabList("People", tabs, ({ id }) => {
    search.element.hidden = id !== "members";
    void (id === "members" ? members : invitations).load();
  });
  invite.addEventListener("click", () => {
    void invitations.invite().then((invited) => {
      if (invited) document.getElementById("tab-invitations")?.click();
    });
  });
  tools.append(list);
} else {
  void members.load();
}
tools.append(search.element);
new Feed(["members"], () => {
  void members.refresh();
  if (may("invite_member")) void invitations.refresh();
});
