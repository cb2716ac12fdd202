import type { FrameClock } from "./player";

export const browserClock: FrameClock = {
  now: () => performance.now(),
  frame(call) {
    const id = requestAnimationFrame(call);
    return () => {
      cancelAnimationFrame(id);
    };
  },
};
