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

/**
 * Compares the texts at every proof with the server's hash of them, walking through the operations on its own. They
 * must have been opened by a player. The browser's own SHA-256 is missing on pages that came without TLS.
 */
export async function verify(
  { operations, roots, proofs }: Recording,
  { onProgress, pause, signal }: VerifyOptions,
): Promise<Verified> {
  const texts: (LongText | undefined)[] = [];
  let index = 0;
  for (const [number, { entry, hash }] of proofs.entries()) {
    for (; (operations.entry[index] ?? Infinity) <= entry; index += 1) {
      const text = (texts[operations.root[index] ?? 0] ??= new LongText());
      const start = operations.start[index] ?? 0;
      const end = start + (operations.inserted[index] ?? 0);
      text.replace(operations.position[index] ?? 0, operations.deleted[index] ?? 0, operations.units, start, end);
    }
    if (digest(roots, texts) !== hash) return { verified: number, failedEntry: entry };
    onProgress((number + 1) / proofs.length);
    await pause();
    signal?.throwIfAborted();
  }
  return { verified: proofs.length, failedEntry: null };
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
