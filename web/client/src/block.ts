import { damaged, RecordingInvalid, tooLarge } from "./recording_invalid";

export const MAGIC = 0x524c4e50; // "PNLR", read as a little-endian number
export const VERSION = 2;
export const MOST_BYTES = 128 * 2 ** 20;
const MOST_BLOCKS = 100_000;

/** One part of a recording file. `name` is for messages. */
export interface Block {
  kind: string;
  name: string;
  payload: Uint8Array;
}

/** The blocks of a recording file, in order, whatever their kinds. Raises RecordingInvalid. */
export function* blocks(file: Uint8Array): Generator<Block> {
  const words = new DataView(file.buffer, file.byteOffset, file.byteLength);
  checkHeader(words);
  let at = 8;
  for (let number = 1; at < file.length; number += 1) {
    if (number > MOST_BLOCKS) tooLarge("it has too many parts");
    const end = endOf(words, at);
    if (end > file.length) throw incomplete();
    const kind = kindOf(file, at);
    const name = `part ${number}`;
    if (!/^[\x20-\x7e]{4}$/.test(kind)) damaged(name);
    const payload = file.subarray(at + 8, at + 8 + words.getUint32(at + 4, true));
    for (let pad = at + 8 + payload.length; pad < end; pad += 1) if (file[pad] !== 0) damaged(name);
    yield { kind, name, payload };
    at = end;
  }
}

export function checkHeader(words: DataView): void {
  if (words.byteLength > MOST_BYTES) tooLarge(`${Math.round(words.byteLength / 2 ** 20)} MB`);
  if (words.byteLength < 8 || words.getUint32(0, true) !== MAGIC) {
    throw new RecordingInvalid("This is not a Panelroom recording. Open the replay from the list of interviews.");
  }
  const version = words.getUint32(4, true);
  if (version !== VERSION) {
    throw new RecordingInvalid(
      `This recording has version ${version}, and this page reads version ${VERSION}. Reload the page.`,
    );
  }
}

/** Where the block at `at` ends, with its padding; infinite when not even its head is there. */
export function endOf(words: DataView, at: number): number {
  return at + 8 > words.byteLength ? Infinity : at + 8 + Math.ceil(words.getUint32(at + 4, true) / 4) * 4;
}

export function kindOf(file: Uint8Array, at: number): string {
  return String.fromCharCode(...file.subarray(at, at + 4));
}

export function incomplete(): RecordingInvalid {
  return new RecordingInvalid("It is incomplete: its end did not arrive. Load the page again.");
}
