import { blocks, incomplete, type Block } from "./block";
import { array, count, decode, object, parse, row, text } from "./json_shape";
import { Operations, Selections, sums, type Rows } from "./operations";
import type { FilesChanged, Proof, RecordedEvent, RecordedParticipant, Recording } from "./recording";
import { damaged, RecordingInvalid, tooLarge } from "./recording_invalid";
import { writeUnits } from "./utf16";

const NOBODY = 0xffffffff;
const MOST_JSON = 32 * 2 ** 20;
const MOST_NAMES = 10_000;
const OPERATION_COLUMNS = ["entry", "at_ms", "writer", "root", "position", "deleted", "inserted"] as const;
const SELECTION_COLUMNS = ["entry", "at_ms", "writer", "root", "anchor", "head"] as const;

/** Reads version 2 of the file, as docs/recording.md describes it; little-endian, like every machine with a browser. */
export function readFile(file: Uint8Array): Recording {
  const found = sort(file);
  const head = object(found.head, "its head");
  const end = object(found.end, "its end");
  const participants = array(head["participants"], "its participants").map(readParticipant);
  const roots = names(end["roots"], "its texts");
  const writers = indicesOf(participants, names(end["writers"], "its writers").map(somebody));
  const recording: Recording = {
    interview: text(head["interview"], "its head"),
    document: text(head["document"], "its head"),
    sealed: head["sealed"] === true,
    started_at: readTime(head["started_at"]),
    duration_ms: count(head["duration_ms"], "its head"),
    after: entry(head["after"], "its head"),
    entry: entry(end["entry"], "its end"),
    head_hash: hash(end["head_hash"], "its end"),
    participants,
    roots,
    operations: readOperations(found.operations),
    selections: readSelections(found.selections),
    events: found.events.flatMap(({ name, rows }) => rows.map((each) => readEvent(each, name))),
    files: array(end["files"], "its files").map(readFiles),
    proofs: array(end["proofs"], "its proofs").map(readProof),
  };
  const { operations, selections, after } = recording;
  checkRows(operations, writers, recording);
  checkRows(selections, writers, recording);
  const happened = rowsOf(recording.events);
  for (const rows of [happened, rowsOf(recording.files), rowsOf(recording.proofs)]) {
    checkOrder(rows, after, recording.entry);
  }
  checkTogether(operations, selections);
  checkTogether(operations, happened);
  checkTogether(selections, happened);
  return recording;
}

interface Sorted {
  head: unknown;
  end: unknown;
  operations: Block[];
  selections: Block[];
  events: { name: string; rows: unknown[] }[];
}

function sort(file: Uint8Array): Sorted {
  const found: Sorted = { head: undefined, end: undefined, operations: [], selections: [], events: [] };
  let json = 0;
  const read = ({ payload, name }: Block): unknown => {
    json += payload.length;
    if (json > MOST_JSON) tooLarge("it says too much about its events and files");
    return parse(payload, name);
  };
  for (const block of blocks(file)) {
    if ((found.head === undefined) !== (block.kind === "head") || found.end !== undefined) damaged(block.name);
    if (block.kind === "head") found.head = read(block) ?? damaged(block.name);
    else if (block.kind === "oper") found.operations.push(block);
    else if (block.kind === "sele") found.selections.push(block);
    else if (block.kind === "evnt") found.events.push({ name: block.name, rows: array(read(block), block.name) });
    else if (block.kind === "end ") found.end = read(block) ?? damaged(block.name);
    else if (block.kind === "brok") throw broken(read(block), block.name);
  }
  if (found.end === undefined) throw incomplete();
  return found;
}

function broken(value: unknown, name: string): RecordingInvalid {
  const at = entry(object(value, name)["entry"], name);
  return new RecordingInvalid(
    `The server found at entry ${at} that the replay would differ from what was typed, and stopped there. ` +
      "The record itself is kept: ask whoever runs this server to look at its log.",
  );
}

/** How many rows a block has; raises RecordingInvalid where its columns would not fit in it. */
function rowCount({ payload, name }: Block, columns: number): number {
  if (payload.length < 4) damaged(name);
  const rows = new Uint32Array(payload.buffer, payload.byteOffset, 1)[0] ?? 0;
  return 4 + rows * columns * 4 <= payload.length ? rows : damaged(name);
}

function column({ payload }: Block, rows: number, number: number): Uint32Array {
  return new Uint32Array(payload.buffer, payload.byteOffset + 4 + number * rows * 4, rows);
}

function readOperations(found: Block[]): Operations {
  const width = OPERATION_COLUMNS.length;
  const parts = found.map((block) => {
    const rows = rowCount(block, width);
    const bytes = block.payload.subarray(4 + rows * width * 4);
    return { block, rows, bytes, inserted: decode(bytes, block.name) };
  });
  const operations = new Operations(
    parts.reduce((sum, { rows }) => sum + rows, 0),
    parts.reduce((sum, { inserted }) => sum + inserted.length, 0),
  );
  let at = 0;
  let unit = 0;
  for (const { block, rows, bytes, inserted } of parts) {
    OPERATION_COLUMNS.forEach((name, number) => {
      operations[name].set(column(block, rows, number), at);
    });
    if (inserted.length === bytes.length) operations.units.set(bytes, unit);
    else writeUnits(inserted, operations.units, unit);
    const end = sums(operations.inserted, operations.start, at, at + rows);
    if (end !== unit + inserted.length) damaged(block.name);
    at += rows;
    unit = end;
  }
  return operations;
}

function readSelections(found: Block[]): Selections {
  const width = SELECTION_COLUMNS.length;
  const parts = found.map((block) => {
    const rows = rowCount(block, width);
    return block.payload.length === 4 + rows * width * 4 ? { block, rows } : damaged(block.name);
  });
  const selections = new Selections(parts.reduce((sum, { rows }) => sum + rows, 0));
  let at = 0;
  for (const { block, rows } of parts) {
    SELECTION_COLUMNS.forEach((name, number) => {
      selections[name].set(column(block, rows, number), at);
    });
    at += rows;
  }
  return selections;
}

/** Checks order, roots and writers, and makes the writers' indices into the participants. */
function checkRows(rows: Operations | Selections, writers: number[], { roots, after, entry }: Recording): void {
  checkOrder(rows, after, entry);
  const { writer, root } = rows;
  for (let row = 0; row < rows.length; row += 1) {
    const number = (writer[row] ?? 0) >>> 0;
    const who = number === NOBODY ? -1 : writers[number];
    if (who === undefined || (root[row] ?? 0) >= roots.length) damaged(`entry ${rows.entry[row] ?? 0}`);
    writer[row] = who;
  }
}

function checkOrder({ length, entry, at_ms }: Rows, after: number, end: number): void {
  let last = after + 1;
  let last_ms = 0;
  for (let row = 0; row < length; row += 1) {
    const number = entry[row] ?? 0;
    const now = at_ms[row] ?? 0;
    if (number > end) damaged(`entry ${number}`);
    if (number < last || now < last_ms) outOfOrder(number);
    last = number;
    last_ms = now;
  }
}

function outOfOrder(entry: number): never {
  damaged(`entry ${entry}`, "out of order");
}

/** An entry is one thing alone, and no later entry has an earlier time, whatever their kinds. */
function checkTogether(one: Rows, other: Rows): void {
  for (let a = 0, b = 0; a < one.length && b < other.length; ) {
    const order = (one.entry[a] ?? 0) - (other.entry[b] ?? 0);
    const late = (one.at_ms[a] ?? 0) - (other.at_ms[b] ?? 0);
    if (order === 0 || (order < 0 && late > 0) || (order > 0 && late < 0)) outOfOrder(one.entry[a] ?? 0);
    if (order < 0) a += 1;
    else b += 1;
  }
}

function rowsOf(rows: readonly { entry: number; at_ms: number }[]): Rows {
  return {
    length: rows.length,
    entry: Uint32Array.from(rows, ({ entry }) => entry),
    at_ms: Uint32Array.from(rows, ({ at_ms }) => at_ms),
  };
}

function readParticipant(value: unknown): RecordedParticipant {
  const place = "its participants";
  const { id, name, role, color } = object(value, place) as Record<keyof RecordedParticipant, unknown>;
  return { id: text(id, place), name: text(name, place), role: text(role, place), color: text(color, place) };
}

function somebody(id: string): RecordedParticipant {
  return { id, name: "Somebody", role: "", color: "" };
}

/** Where each of `wanted` is among the participants, by its id; who is not there yet is added. */
export function indicesOf(participants: RecordedParticipant[], wanted: RecordedParticipant[]): number[] {
  const known = new Map(participants.map(({ id }, index) => [id, index]));
  return wanted.map((each) => {
    const index = known.get(each.id) ?? participants.push(each) - 1;
    known.set(each.id, index);
    return index;
  });
}

function readEvent(value: unknown, place: string): RecordedEvent {
  const [number, at_ms, kind, payload] = row(value, 4, place);
  return {
    entry: entry(number, place),
    at_ms: entry(at_ms, place),
    kind: text(kind, place),
    payload: object(payload, place),
  };
}

/** What is no file is as good as none. */
function readFiles(value: unknown): FilesChanged {
  const place = "its files";
  const [number, at_ms, map] = row(value, 3, place);
  const files = new Map<string, { name: string; language: string } | null>();
  for (const [id, each] of Object.entries(object(map, place))) {
    const { name, language } = (each ?? {}) as { name?: unknown; language?: unknown };
    files.set(id, typeof name === "string" && typeof language === "string" ? { name, language } : null);
  }
  return { entry: entry(number, place), at_ms: entry(at_ms, place), files };
}

function readProof(value: unknown): Proof {
  const place = "its proofs";
  const [number, at_ms, digest] = row(value, 3, place);
  return { entry: entry(number, place), at_ms: entry(at_ms, place), hash: hash(digest, place) };
}

function names(value: unknown, place: string): string[] {
  const all = array(value, place).map((each) => text(each, place));
  if (all.length > MOST_NAMES) tooLarge(`${place} are too many`);
  return new Set(all).size === all.length ? all : damaged(place);
}

function entry(value: unknown, place: string): number {
  const number = count(value, place);
  return number <= 0xffffffff ? number : damaged(place);
}

function hash(value: unknown, place: string): string {
  const digest = text(value, place);
  return /^[0-9a-f]{64}$/.test(digest) ? digest : damaged(place);
}

function readTime(value: unknown): number | null {
  if (value === null) return null;
  const time = Date.parse(text(value, "its head"));
  return Number.isNaN(time) ? damaged("its head") : time;
}
