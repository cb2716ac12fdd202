import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Activity, MOST_UNITS, type Written } from "./timeline_activity";

const rows = fc.array(
  fc.record({
    at_ms: fc.integer({ min: 0, max: 5_000 }),
    writer: fc.integer({ min: -1, max: 3 }),
    root: fc.integer({ min: 0, max: 2 }),
    deleted: fc.integer({ min: 0, max: 40 }),
    inserted: fc.integer({ min: 0, max: 40 }),
  }),
);

function written(each: { at_ms: number; writer: number; root: number; deleted: number; inserted: number }[]): Written {
  const inOrder = each.toSorted((a, b) => a.at_ms - b.at_ms);
  return {
    length: inOrder.length,
    at_ms: Uint32Array.from(inOrder, ({ at_ms }) => at_ms),
    writer: Int32Array.from(inOrder, ({ writer }) => writer),
    root: Uint32Array.from(inOrder, ({ root }) => root),
    deleted: Uint32Array.from(inOrder, ({ deleted }) => deleted),
    inserted: Uint32Array.from(inOrder, ({ inserted }) => inserted),
  };
}

await test("slices hold all that was written between the first and the last edge, and nothing twice", () => {
  fc.assert(
    fc.property(rows, rows, fc.array(fc.integer({ min: 0, max: 5_001 })), (code, notes, cuts) => {
      const sources = [
        { written: written(code), trackOf: [0, 1, 2, -1] },
        { written: written(notes), trackOf: [2, 1, 0, 3] },
      ];
      const activity = new Activity(sources, 4);
      const edges = Float64Array.from([0, ...cuts, Infinity]).sort();
      for (let track = 0; track < 4; track += 1) {
        const bins = activity.bins(track, edges);
        bins.forEach((units, bin) => {
          const [from = 0, to = 0] = [edges[bin], edges[bin + 1]];
          let expected = 0;
          for (const { written: rows, trackOf } of sources) {
            for (let at = 0; at < rows.length; at += 1) {
              const at_ms = rows.at_ms[at] ?? 0;
              if (trackOf[rows.writer[at] ?? -1] !== track || at_ms < from || at_ms >= to) continue;
              expected += Math.min(MOST_UNITS, (rows.deleted[at] ?? 0) + (rows.inserted[at] ?? 0));
            }
          }
          assert.equal(units, expected);
        });
      }
    }),
  );
});

await test("of one file there is what was written there, and of the notes nothing", () => {
  const code = written([
    { at_ms: 1, writer: 0, root: 0, deleted: 0, inserted: 3 },
    { at_ms: 2, writer: 0, root: 1, deleted: 4, inserted: 0 },
  ]);
  const notes = written([{ at_ms: 1, writer: 0, root: 1, deleted: 0, inserted: 5 }]);
  const sources = [code, notes].map((each) => ({ written: each, trackOf: [0] }));
  const all = Float64Array.of(0, Infinity);
  assert.deepEqual([...new Activity(sources, 1).bins(0, all)], [12]);
  assert.deepEqual([...new Activity(sources, 1, 1).bins(0, all)], [4]);
});

await test("a full bar is more than usual, and never nothing", () => {
  const key = { writer: 0, root: 0, deleted: 0, inserted: 1 };
  const steady = written(Array.from({ length: 100 }, (_, at) => ({ ...key, at_ms: at * 10 })));
  const activity = new Activity([{ written: steady, trackOf: [0] }], 1);
  assert.ok(activity.full(100) > 10 && activity.full(100) < 30);
  assert.ok(activity.full(1) >= 1);
  assert.equal(new Activity([], 3).full(100), 1);
});
