/** Random histories of several files, for tests, with what their texts are after every operation. */
import { createHash } from "node:crypto";
import { ADA, type FakeRecording, type Row, type Selected } from "./fake_recording";

export const ROOTS = ["source", "source/ä", "source/😀"];
export const PEOPLE = [ADA, { ...ADA, id: "q", name: "Bob" }, { ...ADA, id: "r", name: "Cleo" }];
const PIECES = ["", "a", "abc", "\n", "ü", "😀", "a\n😀b", "\ufeff", "👩‍👧"];

export interface FakeHistory {
  file: FakeRecording & { operations: Row[]; selections: Selected[] };
  /** The texts of all roots by how many operations there were. */
  texts: string[][];
  end_ms: number;
}

export function randomHistory(seed: number, length: number): FakeHistory {
  const below = randomBelow(seed);
  const operations: Row[] = [];
  const selections: Selected[] = [];
  const texts = [ROOTS.map(() => "")];
  let entry = 0;
  let at_ms = 0;
  while (operations.length < length) {
    entry += 1 + below(2);
    at_ms += [0, 0, 10, 130, 4000, 12_000][below(6)] ?? 0;
    const root = below(ROOTS.length);
    const text = texts.at(-1)?.[root] ?? "";
    const who = below(PEOPLE.length + 1) - 1;
    if (below(5) === 0) {
      const anchor = below(text.length + 1);
      selections.push([entry, at_ms, who, root, anchor, below(2) === 0 ? anchor : below(text.length + 1)]);
      continue;
    }
    for (let more = below(8) === 0 ? 3 : 1; more > 0; more -= 1) {
      const before = texts.at(-1) ?? [];
      const old = before[root] ?? "";
      const position = whole(old, below(old.length + 1));
      const most = old.length > 300 ? below(300) : below(4) === 0 ? below(6) : 0;
      const deleted = Math.max(0, whole(old, Math.min(old.length, position + most)) - position);
      const inserted = PIECES[below(PIECES.length)] ?? "";
      operations.push([entry, at_ms, who, root, position, deleted, inserted]);
      texts.push(before.with(root, old.slice(0, position) + inserted + old.slice(position + deleted)));
    }
  }
  const file = { roots: ROOTS, participants: PEOPLE, operations, selections, run: 100, head: { duration_ms: at_ms + 500 } };
  return { file, texts, end_ms: at_ms + 500 };
}

/** The place, or the one before when it is inside a character. */
function whole(text: string, place: number): number {
  return (text.codePointAt(place - 1) ?? 0) > 0xffff ? place - 1 : place;
}

export function randomBelow(seed: number): (limit: number) => number {
  let state = (seed % 2147483646) + 1;
  return (limit) => (state = (state * 48271) % 2147483647) % limit;
}

/** Of every so many entries and the last, as docs/recording.md says, and nothing else: by another library. */
export function proofsOf({ file, texts }: FakeHistory, every: number): [number, number, string][] {
  const { operations } = file;
  const ends = operations.flatMap(([entry], at) => (operations[at + 1]?.[0] === entry ? [] : [at]));
  return ends
    .filter((_, number) => number % every === 0 || number === ends.length - 1)
    .map((at) => {
      const [entry, at_ms] = operations[at] ?? [0, 0];
      const written = new Set(operations.slice(0, at + 1).map((row) => row[3]));
      const parts = ROOTS.flatMap((root, number) => (written.has(number) ? [root, texts[at + 1]?.[number] ?? ""] : []));
      const hash = createHash("sha256");
      for (const part of parts) {
        const bytes = Buffer.from(part);
        const length = Buffer.alloc(4);
        length.writeUInt32LE(bytes.length);
        hash.update(length).update(bytes);
      }
      return [entry, at_ms, hash.digest("hex")];
    });
}
