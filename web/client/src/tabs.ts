import { h } from "./dom";

export interface Tab {
  id: string;
  name: string;
  panel: HTMLElement;
}

/** Tabs over their panels: arrows move between them, the address keeps the one that is shown. */
export function tabList(label: string, tabs: readonly Tab[], onShow: (tab: Tab) => void): HTMLElement {
  const buttons = tabs.map(({ id, name, panel }) => {
    panel.id = id;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${id}`);
    return h("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": id }, name);
  });
  const list = h("div", { role: "tablist", class: "tabs", "aria-label": label }, ...buttons);
  const show = (chosen: Tab): void => {
    markTabs(buttons, tabs.indexOf(chosen), true);
    for (const tab of tabs) tab.panel.hidden = tab !== chosen;
    history.replaceState(null, "", `#${chosen.id}`);
    onShow(chosen);
  };
  listenToTabs(list, buttons, (at) => {
    const tab = tabs[at];
    if (tab !== undefined) show(tab);
  });
  const first = tabs.find(({ id }) => `#${id}` === window.location.hash) ?? tabs[0];
  if (first !== undefined) show(first);
  return list;
}

/** Clicks, and the keys that move between tabs: arrows around, Home, End. */
export function listenToTabs(list: HTMLElement, tabs: readonly HTMLElement[], choose: (at: number) => void): void {
  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => {
      choose(at);
    });
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.findIndex((tab) => tab === document.activeElement);
    const count = tabs.length;
    const next: Partial<Record<string, number>> = {
      ArrowRight: (at + 1) % count,
      ArrowLeft: (at + count - 1) % count,
      Home: 0,
      End: count - 1,
    };
    const to = next[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    choose(to);
    tabs[to]?.focus();
  });
}

/** The current one stays in the tab order, selected or not. */
export function markTabs(tabs: readonly HTMLElement[], current: number, isSelected: boolean): void {
  tabs.forEach((tab, at) => {
    tab.setAttribute("aria-selected", String(isSelected && at === current));
    tab.setAttribute("tabindex", at === current ? "0" : "-1");
  });
}
