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
    tabs.forEach((tab, at) => {
      buttons[at]?.setAttribute("aria-selected", String(tab === chosen));
      buttons[at]?.setAttribute("tabindex", tab === chosen ? "0" : "-1");
      tab.panel.hidden = tab !== chosen;
    });
    history.replaceState(null, "", `#${chosen.id}`);
    onShow(chosen);
  };
  buttons.forEach((button, at) => {
    button.addEventListener("click", () => {
      const tab = tabs[at];
      if (tab !== undefined) show(tab);
    });
  });
  list.addEventListener("keydown", ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[key];
    if (step === undefined) return;
    const next = buttons[(buttons.findIndex((button) => button === document.activeElement) + step) % tabs.length];
    next?.click();
    next?.focus();
  });
  const first = tabs.find(({ id }) => `#${id}` === window.location.hash) ?? tabs[0];
  if (first !== undefined) show(first);
  return list;
}
