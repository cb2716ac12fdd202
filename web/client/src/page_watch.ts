import { onSignedOut as whenSignedOut } from "./stay";

interface Watcher {
  /** The network, or the page, is back. */
  onBack: (isOnline: boolean) => void;
  onOffline: () => void;
  /** The member has signed out in another window of this browser. */
  onSignedOut: () => void;
  /** Whether something would be lost if the page went now. */
  hasUnsaved: () => boolean;
}

/** What the browser says of the network, and of the page's coming and going. */
export function watchPage({ onBack, onOffline, onSignedOut, hasUnsaved }: Watcher, signal: AbortSignal): void {
  const on = (target: EventTarget, kind: string, call: (event: Event) => void): void => {
    target.addEventListener(kind, call, { signal });
  };
  on(window, "online", () => {
    onBack(true);
  });
  on(window, "offline", onOffline);
  whenSignedOut(onSignedOut, signal);
  on(document, "visibilitychange", () => {
    if (document.visibilityState === "visible") onBack(false);
  });
  on(window, "beforeunload", (event) => {
    if (hasUnsaved()) event.preventDefault();
  });
}
