import { safeColor } from "./color";
import { h } from "./dom";

type Token = "ink" | "ink-2" | "ink-3" | "line" | "line-strong" | "surface" | "sunken" | "accent";

/** What the system's own few colours stand for. */
const FORCED: Record<Token, string> = {
  ink: "CanvasText",
  "ink-2": "CanvasText",
  "ink-3": "CanvasText",
  line: "GrayText",
  "line-strong": "CanvasText",
  surface: "Canvas",
  sunken: "Canvas",
  accent: "Highlight",
};

/** The page's colours as a canvas takes them, kept until the scheme changes. */
export class Palette {
  private colors = new Map<string, string>();
  private forced = false;
  private readonly probe = h("span", { hidden: true });
  private readonly ended = new AbortController();
  private readonly observer: MutationObserver;

  constructor(parent: HTMLElement, onChange: () => void) {
    // Or it would have the system's text colour, whatever is asked of it.
    this.probe.style.setProperty("forced-color-adjust", "none");
    parent.append(this.probe);
    const changed = (): void => {
      this.colors = new Map();
      this.forced = matchMedia("(forced-colors: active)").matches;
      onChange();
    };
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)", "(prefers-contrast: more)"]) {
      matchMedia(query).addEventListener("change", changed, { signal: this.ended.signal });
    }
    this.observer = new MutationObserver(changed);
    this.observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.forced = matchMedia("(forced-colors: active)").matches;
  }

  color(token: Token): string {
    return this.resolve(token, this.forced ? FORCED[token] : `var(--${token})`);
  }

  private resolve(name: string, style: string): string {
    const known = this.colors.get(name);
    if (known !== undefined) return known;
    this.probe.style.color = style;
    const { color } = getComputedStyle(this.probe);
    this.colors.set(name, color);
    return color;
  }

  /** For what they wrote, on a dark ground somewhat lighter, to stand out as well; and for that they were there. */
  person(color: string): { ink: string; wash: string } {
    const own = this.forced ? this.color("ink") : safeColor(color);
    const wash = `color-mix(in srgb, ${own} 6%, transparent), color-mix(in srgb, ${own} 12%, transparent)`;
    return {
      ink: this.resolve(own, `light-dark(${own}, color-mix(in srgb, ${own} 72%, white))`),
      wash: this.resolve(wash, `light-dark(${wash})`),
    };
  }

  destroy(): void {
    this.ended.abort();
    this.observer.disconnect();
  }
}
