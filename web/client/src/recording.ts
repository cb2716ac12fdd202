import { checkHeader, endOf, kindOf, MOST_BYTES } from "./block";
import { count, object, parse } from "./json_shape";
import { Operations, Selections } from "./operations";
import { indicesOf, readFile } from "./recording_file";
import { RecordingInvalid, tooLarge } from "./recording_invalid";

export { Operations, Selections } from "./operations";
export { RecordingInvalid } from "./recording_invalid";

export interface RecordedParticipant {
  id: string;
  name: string;
  role: string;
  color: string;
}

export interface RecordedEvent {
  entry: number;
  at_ms: number;
  kind: string;
  payload: Record<string, unknown>;
}

/** The document's files, by id. */
export type FileMap = ReadonlyMap<string, { name: string; language: string }>;

/** What changed in the map of files; null is gone. */
export interface FilesChanged {
  entry: number;
  at_ms: number;
  files: ReadonlyMap<string, { name: string; language: string } | null>;
}

/** SHA-256 of all texts after an entry, in hex. */
export interface Proof {
  entry: number;
  at_ms: number;
  hash: string;
}

/** One document's recording. Times are milliseconds since `started_at`, which is the clock's. */
export interface Recording {
  interview: string;
  document: string;
  sealed: boolean;
  started_at: number | null;
  duration_ms: number;
  /** It begins after this entry: 0 unless it is the tail of another. */
  after: number;
  /** The last entry that it covers. */
  entry: number;
  head_hash: string;
  /** With everybody who wrote; who is not known is "Somebody". */
  participants: RecordedParticipant[];
  roots: string[];
  operations: Operations;
  selections: Selections;
  events: RecordedEvent[];
  files: FilesChanged[];
  proofs: Proof[];
}

/** Checks everything but whether the operations fit the texts, which opening them does. Raises RecordingInvalid. */
export function readRecording(bytes: ArrayBuffer | Uint8Array): Recording {
  return readFile(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
}

/** Reads the body of an answer, telling how much of the recording (0 to 1) is there. Raises RecordingInvalid. */
export async function loadRecording(
  stream: ReadableStream<Uint8Array>,
  onProgress: (done: number) => void,
): Promise<Recording> {
  const reader = stream.getReader();
  const progress = new Progress();
  let file = new Uint8Array(2 ** 16);
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (length + value.length > MOST_BYTES) tooLarge(`over ${MOST_BYTES / 2 ** 20} MB`);
      if (length + value.length > file.length) {
        const larger = new Uint8Array(Math.min(MOST_BYTES, Math.max(file.length * 2, length + value.length)));
        larger.set(file.subarray(0, length));
        file = larger;
      }
      file.set(value, length);
      length += value.length;
      onProgress(progress.of(file.subarray(0, length)));
    }
  } finally {
    void reader.cancel();
  }
  return readRecording(file.subarray(0, length));
}

/**
 * The recording with what came after it, `tail`: a recording of its own that begins where this one ends.
 * Participants keep their indices. Raises RecordingInvalid when the two do not belong together.
 */
export function appendRecording(recording: Recording, tail: Recording): Recording {
  const { operations, selections, events, files, proofs } = recording;
  const last_ms = Math.max(...[operations, selections].map((rows) => rows.at_ms.at(-1) ?? 0), events.at(-1)?.at_ms ?? 0);
  const first_ms = Math.min(
    ...[tail.operations, tail.selections].map((rows) => rows.at_ms[0] ?? Infinity),
    tail.events[0]?.at_ms ?? Infinity,
  );
  const continues =
    tail.document === recording.document &&
    tail.after === recording.entry &&
    first_ms >= last_ms &&
    recording.roots.every((root, at) => tail.roots[at] === root);
  if (!continues) throw new RecordingInvalid("What came after does not continue it. Load the page again.");
  const participants = [...recording.participants];
  const writers = indicesOf(participants, tail.participants);
  tail.participants.forEach((participant, at) => {
    participants[writers[at] ?? at] = participant;
  });
  const all = new Operations(operations.length + tail.operations.length, operations.units.length + tail.operations.units.length);
  all.set(operations, 0, 0);
  all.set(tail.operations, operations.length, operations.units.length);
  const selected = new Selections(selections.length + tail.selections.length);
  selected.set(selections, 0);
  selected.set(tail.selections, selections.length);
  for (const [rows, from] of [
    [all, operations.length],
    [selected, selections.length],
  ] as const) {
    for (let row = from; row < rows.length; row += 1) rows.writer[row] = writers[rows.writer[row] ?? -1] ?? -1;
  }
  return {
    ...tail,
    after: recording.after,
    duration_ms: Math.max(recording.duration_ms, tail.duration_ms),
    participants,
    operations: all,
    selections: selected,
    events: [...events, ...tail.events],
    files: [...files, ...tail.files],
    proofs: [...proofs, ...tail.proofs],
  };
}

/** How far a file that is arriving has come: the last entry of its last whole block, of all that there are. */
class Progress {
  private at = 8;
  private first = 0;
  private last = 0;
  private done = 0;

  of(file: Uint8Array): number {
    const words = new DataView(file.buffer, file.byteOffset, file.byteLength);
    if (file.length >= 8) checkHeader(words);
    for (let end = endOf(words, this.at); end <= file.length; end = endOf(words, this.at)) {
      const kind = kindOf(file, this.at);
      const payload = file.subarray(this.at + 8, this.at + 8 + words.getUint32(this.at + 4, true));
      if (kind === "head") {
        const head = object(parse(payload, "its head"), "its head");
        this.first = count(head["after"], "its head");
        this.last = count(head["entries"], "its head");
      } else if (kind === "oper" || kind === "sele") this.reach(words, payload);
      this.at = end;
    }
    return this.done;
  }

  private reach(words: DataView, { byteOffset, length }: Uint8Array): void {
    const at = byteOffset - words.byteOffset;
    const rows = length < 4 ? 0 : words.getUint32(at, true);
    if (rows === 0 || rows * 4 + 4 > length) return;
    const entry = words.getUint32(at + rows * 4, true);
    this.done = Math.min(1, Math.max(this.done, (entry - this.first) / Math.max(1, this.last - this.first)));
  }
}
