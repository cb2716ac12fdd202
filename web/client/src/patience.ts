import { Problem } from "./api";

const FIRST_MS = 1_000;
const LAST_MS = 15_000;

/** Between two attempts: soon at first, then less often, and not everybody at the same moment. */
export function pause(failures: number): Promise<void> {
  const most = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(failures, 10));
  return new Promise((done) => setTimeout(done, most * (0.5 + Math.random())));
}

/** Asks until the server decides. `onTrouble` hears why it has not yet, in words. Rejects with the refusal. */
export async function patiently<T>(ask: () => Promise<T>, onTrouble: (words: string) => void): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Problem) || !error.isPassing) throw error;
      // A problem has a kind; what has none is a proxy's page.
      const words = error.kind === "" ? "The server cannot be reached at the moment." : error.message;
      onTrouble(`${words} This page tries again by itself.`);
      await pause(failures);
    }
  }
}
