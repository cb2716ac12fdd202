import "./menu.css";
import { h, icon } from "./dom";

export interface MenuItem {
  label: string;
  /** What tells it from its neighbours. */
  detail?: string;
  isDangerous?: boolean;
  onChoose: () => void;
}

/** A button that opens a menu: arrows, Home, End and first letters move in it, Escape closes it, Tab leaves it. */
export function menuButton(label: string, items: () => MenuItem[], onClose?: () => void): HTMLButtonElement {
  const button = h(
    "button",
    { type: "button", class: "icon-button menu-button", "aria-label": label, "aria-haspopup": "menu", "aria-expanded": "false" },
    icon("more"),
  );
  button.addEventListener("click", () => {
    open(button, label, items(), onClose);
  });
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    button.click();
  });
  return button;
}

function open(button: HTMLButtonElement, label: string, items: MenuItem[], onClose?: () => void): void {
  const menu = h("div", { class: "menu", role: "menu", "aria-label": label, popover: "auto" });
  const entries = items.map(({ label: words, detail, isDangerous, onChoose }) => {
    const entry = h("button", { type: "button", role: "menuitem", tabindex: "-1" }, words);
    if (detail !== undefined) entry.append(" ", h("span", { class: "menu-detail" }, detail));
    entry.classList.toggle("is-dangerous", isDangerous === true);
    entry.addEventListener("click", () => {
      menu.hidePopover();
      onChoose();
    });
    return entry;
  });
  menu.append(...entries);
  menu.addEventListener("keydown", (event) => {
    move(event, menu, entries);
  });
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    // The browser gives the focus back to what had it, which may be gone from the page.
    const lost = document.activeElement === null || document.activeElement === document.body;
    if (lost || menu.contains(document.activeElement)) button.focus();
    button.setAttribute("aria-expanded", "false");
    menu.remove();
    onClose?.();
  });
  button.after(menu);
  menu.showPopover();
  place(menu, button);
  button.setAttribute("aria-expanded", "true");
  entries[0]?.focus();
}

function move(event: KeyboardEvent, menu: HTMLElement, entries: HTMLButtonElement[]): void {
  const at = entries.findIndex((entry) => entry === document.activeElement);
  const last = entries.length - 1;
  const next: Partial<Record<string, number>> = {
    ArrowDown: at === last ? 0 : at + 1,
    ArrowUp: at <= 0 ? last : at - 1,
    Home: 0,
    End: last,
  };
  if (event.key === "Tab") menu.hidePopover();
  const to =
    next[event.key] ??
    entries.findIndex(
      (entry) => event.key.length === 1 && entry.textContent.toLowerCase().startsWith(event.key.toLowerCase()),
    );
  if (to < 0 || event.key === " ") return;
  event.preventDefault();
  entries[to]?.focus();
}

/** Below the button and within the window, or above it where there is no room. */
function place(menu: HTMLElement, button: HTMLElement): void {
  const anchor = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below = anchor.bottom + height + 8 < window.innerHeight;
  menu.style.left = `${Math.max(8, Math.min(anchor.right - width, window.innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, below ? anchor.bottom + 4 : anchor.top - height - 4)}px`;
}
