import { array, count, object, row, text } from "./json_shape";
import { Operations, Selections } from "./operations";
import type { RecordedParticipant, Recording } from "./recording";
import { RecordingInvalid } from "./recording_invalid";
import { writeUnits } from "./utf16";

/** Version 1, one JSON object: until the server writes version 2. */
export function readVersion1(value: unknown): Recording {
  const source = object(value, "the file");
  if (source["format"] !== "panelroom-recording" || source["version"] !== 1) {
    throw new RecordingInvalid("This is not a Panelroom recording of version 1.");
  }
  const rows = array(source["operations"], "operations").map((each) => row(each, 7, "operations"));
  const operations = new Operations(
    rows.length,
    rows.reduce((sum, cells) => sum + text(cells[6], "operations").length, 0),
  );
  let unit = 0;
  rows.forEach((cells, at) => {
    const [entry, at_ms, who, root, position, deleted, inserted] = cells;
    operations.entry[at] = count(entry, "operations");
    operations.at_ms[at] = count(at_ms, "operations");
    operations.writer[at] = who === -1 ? -1 : count(who, "operations");
    operations.root[at] = count(root, "operations");
    operations.position[at] = count(position, "operations");
    operations.deleted[at] = text(deleted, "operations").length;
    operations.inserted[at] = text(inserted, "operations").length;
    writeUnits(text(inserted, "operations"), operations.units, unit);
    operations.start[at + 1] = unit += text(inserted, "operations").length;
  });
  const started_at = source["started_at"];
  return {
    interview: text(source["interview"], "interview"),
    document: text(source["document"], "document"),
    sealed: source["sealed"] === true,
    started_at: started_at === null ? null : Date.parse(text(started_at, "started_at")),
    duration_ms: count(source["duration_ms"], "duration_ms"),
    after: 0,
    entry: count(source["entries"], "entries"),
    head_hash: text(source["head_hash"], "head_hash"),
    participants: array(source["participants"], "participants") as RecordedParticipant[],
    roots: array(source["roots"], "roots") as string[],
    operations,
    selections: new Selections(0),
    events: array(source["events"], "events").map((each) => {
      const [entry, at_ms, kind, payload] = row(each, 4, "events");
      return {
        entry: count(entry, "events"),
        at_ms: count(at_ms, "events"),
        kind: text(kind, "events"),
        payload: object(payload, "events"),
      };
    }),
    files: [
      {
        entry: 0,
        at_ms: 0,
        files: new Map(Object.entries(object(source["files"], "files") as Record<string, { name: string; language: string }>)),
      },
    ],
    proofs: [],
  };
}

