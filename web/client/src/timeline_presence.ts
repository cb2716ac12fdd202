import type { RecordedEvent } from "./recording";

export interface Stay {
  from_ms: number;
  to_ms: number;
}

/** When each participant, by id, was connected, as far as the events say. */
export function stays(events: readonly RecordedEvent[], end_ms: number): Map<string, Stay[]> {
  const found = new Map<string, Stay[]>();
  const since = new Map<string, number>();
  const close = (id: string, to_ms: number): void => {
    const from_ms = since.get(id);
    if (from_ms === undefined) return;
    since.delete(id);
    found.set(id, [...(found.get(id) ?? []), { from_ms, to_ms }]);
  };
  for (const { kind, at_ms, payload } of events) {
    const id = String(payload["id"]);
    if (kind === "participant.connected" || kind === "participant.entered") {
      if (!since.has(id)) since.set(id, at_ms);
    } else if (kind === "participant.disconnected" || kind === "participant.left") close(id, at_ms);
    else if (kind === "participant.removed" && (payload["device"] ?? null) === null) close(id, at_ms);
  }
  for (const id of [...since.keys()]) close(id, end_ms);
  return found;
}
