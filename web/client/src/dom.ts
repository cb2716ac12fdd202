type Child = Node | string | null;
type Attributes = Record<string, string | boolean | ((event: Event) => void)>;

/** An element: strings and booleans become attributes (false: none), functions listeners of that event. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (typeof value === "string") element.setAttribute(name, value);
    else element.toggleAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A 16 px outline drawing, hidden from assistive technology: words stand beside it or in the button's label. */
export function icon(name: keyof typeof ICONS): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const ICONS = {
  check: "M3 8.5l3.2 3.2L13 4.8",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  pause: "M5.5 3v10M10.5 3v10",
  play: "M5 3l7.5 5L5 13z",
  more: "M3.5 8v.01M8 8v.01M12.5 8v.01",
  muted: "M9.2 4.2l2.6 2.6M4 12.5l.5-2.6 6-6 2.1 2.1-6 6zM2 2l12 12",
  devices: "M2 3.5h9v6.5H2zM4.5 12.5H8M10.5 7.5h3.5v5.5h-3.5z",
  chat: "M2.5 3.5h11v7.5H7.5L4.5 13.5V11h-2z",
  call: "M2 4.5h8v7H2zM10 7.2l4-2.2v6l-4-2.2",
  details: "M3.5 2.5h9v11h-9zM6 5.5h4M6 8h4M6 10.5h2.5",
  next: "M4 4l5 4-5 4zM12 4v8",
  previous: "M12 4L7 8l5 4zM4 4v8",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  fit: "M2 3.5v9M14 3.5v9M4.5 8h7M6.5 6l-2 2 2 2M9.5 6l2 2-2 2",
  fold: "M1.5 8h3.5M11 8h3.5M3.5 6L5.5 8l-2 2M12.5 6l-2 2 2 2M8 2.5v11",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.5 10.5L14 14",
  sync: "M13 6A5.3 5.3 0 0 0 3.4 5M3 2.5V5h2.5M3 10a5.3 5.3 0 0 0 9.6 1M13 13.5V11h-2.5",
  warning: "M8 2.5L14.5 13.5h-13zM8 7v3M8 11.8v.2",
  leave: "M9.5 2.5h-7v11h7M7 8h7M11.5 5.5L14 8l-2.5 2.5",
  people:
    "M6 7.5a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6zM1.8 13.2c.2-2.3 1.8-3.6 4.2-3.6s4 1.3 4.2 3.6M10.6 3.2a2.2 2.2 0 0 1 0 4M12 9.9c1.3.5 2.1 1.6 2.2 3.3",
  close: "M4 4l8 8M12 4l-8 8",
  settings:
    "M2.5 5h5.9M12 5h1.5M2.5 11H4M7.6 11h5.9M10.2 6.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM5.8 12.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z",
  filter: "M2.5 3.5h11L9.5 8.5v4l-3 1v-5z",
  skip: "M3 3.5l5 4.5-5 4.5zM8.5 3.5l5 4.5-5 4.5z",
  shield: "M8 1.8l5.2 1.9v3.9c0 3.1-2 5.4-5.2 6.6-3.2-1.2-5.2-3.5-5.2-6.6V3.7zM5.7 8l1.7 1.7 3-3.2",
  help: "M5.8 6a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.6M8 12.2v.2",
} as const;

/** The page's configuration, put there by the server. */
export function pageConfig(): unknown {
  return JSON.parse(mount("page").textContent);
}

export function mount(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no element #${id}`);
  return element;
}

/** For the keyboard's focus not to be lost with what is about to be hidden; a pointer's user has none to lose. */
export function passFocus(from: HTMLElement, to: HTMLElement | null | undefined): void {
  if (from.matches(":focus-visible")) to?.focus({ preventScroll: true });
}

/** Says something to people who listen instead of look. */
export function announce(words: string): void {
  let region = document.getElementById("announcements");
  if (region === null) {
    region = h("div", { id: "announcements", class: "visually-hidden", role: "status", "aria-live": "polite" });
    document.body.append(region);
  }
  region.textContent = words;
}
