import { damaged } from "./recording_invalid";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Raises RecordingInvalid, like everything here; `place` says where. */
export function parse(bytes: Uint8Array, place: string): unknown {
  try {
    return JSON.parse(decode(bytes, place));
  } catch {
    damaged(place);
  }
}

export function decode(bytes: Uint8Array, place: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    damaged(place);
  }
}

export function object(value: unknown, place: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) damaged(place);
  return value as Record<string, unknown>;
}

export function array(value: unknown, place: string): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : damaged(place);
}

export function row(value: unknown, least: number, place: string): unknown[] {
  const cells = array(value, place);
  return cells.length >= least ? cells : damaged(place);
}

export function text(value: unknown, place: string): string {
  return typeof value === "string" ? value : damaged(place);
}

export function count(value: unknown, place: string): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : damaged(place);
}
