import type { Transport } from "./provider";

/** The browser's own socket, clock and chance. */
export const browserTransport: Transport = {
  open: (url) => new WebSocket(url),
  now: () => performance.now(),
  random: () => Math.random(),
  after(ms, call) {
    const timer = window.setTimeout(call, ms);
    return () => {
      window.clearTimeout(timer);
    };
  },
};
