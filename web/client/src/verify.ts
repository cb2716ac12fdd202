import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { LongText } from "./long_text";
import type { Recording } from "./recording";

export interface VerifyOptions {
  onProgress: (done: number) => void;
  /** Called between proofs, so that the page stays alive. */
  pause: () => Promise<void>;
  signal?: AbortSignal;
}

export interface Verified {
  /** How many proofs hold. */
  verified: number;
  /** The entry of the first that does not, which is the last that was looked at. */
  failedEntry: number | null;
}

/** How far a recording is verified: what was appended to it goes on from there. */
export class Verification implements Verified {
  verified = 0;
  failedEntry: number | null = null;
  private index = 0;
  private readonly texts: (LongText | undefined)[] = [];

  /** Whether the next proof does. */
  holds({ operations, roots, proofs }: Recording): boolean {
    const { entry, hash } = proofs[this.verified] ?? { entry: 0, hash: "" };
    for (; (operations.entry[this.index] ?? Infinity) <= entry; this.index += 1) {
      const { index } = this;
      const text = (this.texts[operations.root[index] ?? 0] ??= new LongText());
      const start = operations.start[index] ?? 0;
      const end = start + (operations.inserted[index] ?? 0);
      text.replace(operations.position[index] ?? 0, operations.deleted[index] ?? 0, operations.units, start, end);
    }
    if (digest(roots, this.texts) === hash) this.verified += 1;
    else this.failedEntry = entry;
    return this.failedEntry === null;
  }
}

/**
 * Compares the texts at every proof with the server's hash of them, walking through the operations on its own. They
 * must have been opened by a player. The browser's own SHA-256 is missing on pages that came without TLS.
 */
export async function verify(
  recording: Recording,
  { onProgress, pause, signal }: VerifyOptions,
  state = new Verification(),
): Promise<Verified> {
  const { length } = recording.proofs;
  while (state.verified < length && state.holds(recording)) {
    onProgress(state.verified / length);
    await pause();
    signal?.throwIfAborted();
  }
  return { verified: state.verified, failedEntry: state.failedEntry };
}

/** Of the roots that have been written to, in their order. */
function digest(roots: string[], texts: (LongText | undefined)[]): string {
  const hash = sha256.create();
  const encoder = new TextEncoder();
  roots.forEach((name, at) => {
    const text = texts[at];
    if (text === undefined) return;
    for (const part of [name, text.toString()]) {
      const bytes = encoder.encode(part);
      const length = new DataView(new ArrayBuffer(4));
      length.setUint32(0, bytes.length, true);
      hash.update(new Uint8Array(length.buffer)).update(bytes);
    }
  });
  return bytesToHex(hash.digest());
}
