/** Recording files of version 2, for tests: what docs/recording.md describes, from rows. */
import { MAGIC, VERSION } from "./block";

/** entry, at_ms, participant, root, position, how much is deleted, what is inserted. */
export type Row = [number, number, number, number, number, number, string];
/** entry, at_ms, participant, root, anchor, head. */
export type Selected = [number, number, number, number, number, number];

export interface FakeRecording {
  roots?: string[];
  participants?: { id: string; name: string; role: string; color: string }[];
  operations?: Row[];
  selections?: Selected[];
  events?: [number, number, string, Record<string, unknown>][];
  files?: [number, number, Record<string, unknown>][];
  proofs?: [number, number, string][];
  /** Operations in one block. */
  run?: number;
  after?: number;
  head?: Record<string, unknown>;
  end?: Record<string, unknown>;
}

export const ADA = { id: "p", name: "Ada", role: "candidate", color: "#112233" };

/** The file; participants are writers in the same order. */
export function recordingFile(fake: FakeRecording): Uint8Array<ArrayBuffer> {
  const { operations = [], selections = [], events = [], participants = [ADA], after = 0, run = 1024 } = fake;
  const last = Math.max(after, ...[operations, selections, events].map((rows) => rows.at(-1)?.[0] ?? 0));
  const head = {
    interview: "i",
    document: "i",
    after,
    entries: last,
    started_at: "2026-01-02T03:04:05Z",
    duration_ms: 5000,
    sealed: true,
    participants,
    ...fake.head,
  };
  const end = {
    entry: last,
    head_hash: "0".repeat(64),
    roots: fake.roots ?? ["source"],
    writers: participants.map(({ id }) => id),
    files: fake.files ?? [],
    proofs: fake.proofs ?? [],
    ...fake.end,
  };
  const parts = [words(MAGIC, VERSION), json("head", head)];
  for (let at = 0; at < operations.length; at += run) {
    const rows = operations.slice(at, at + run);
    const inserted = new TextEncoder().encode(rows.map((row) => row[6]).join(""));
    const numbers = rows.map((row) => [...row.slice(0, 6), row[6].length] as number[]);
    parts.push(block("oper", join([words(rows.length, ...columns(numbers)), inserted])));
  }
  if (selections.length > 0) parts.push(block("sele", words(selections.length, ...columns(selections))));
  if (events.length > 0) parts.push(json("evnt", events));
  parts.push(json("end ", end));
  return join(parts);
}

export function json(kind: string, value: unknown): Uint8Array {
  return block(kind, new TextEncoder().encode(JSON.stringify(value)));
}

export function block(kind: string, payload: Uint8Array): Uint8Array {
  const padding = new Uint8Array((4 - (payload.length % 4)) % 4);
  return join([new TextEncoder().encode(kind), words(payload.length), payload, padding]);
}

/** Little-endian. */
export function words(...numbers: number[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(numbers.length * 4));
  numbers.forEach((number, at) => {
    bytes.setUint32(at * 4, number, true);
  });
  return new Uint8Array(bytes.buffer);
}

export function join(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function columns(rows: number[][]): number[] {
  return (rows[0] ?? []).flatMap((_, column) => rows.map((row) => row[column] ?? 0));
}
