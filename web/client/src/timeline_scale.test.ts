import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Gap } from "./player";
import { commonGaps, TimeScale } from "./timeline_scale";
import { span, ticks } from "./timeline_tick";

/** Lengths that take turns: something happens, nothing happens. */
const lengths = fc.array(fc.tuple(fc.integer({ min: 0, max: 900_000 }), fc.integer({ min: 8_000, max: 7_200_000 })), {
  maxLength: 60,
});
const shares = fc.double({ min: 0, max: 1, noNaN: true });
const widths = fc.integer({ min: 200, max: 2500 });

function interview(parts: [number, number][]): { gaps: Gap[]; end_ms: number } {
  const gaps: Gap[] = [];
  let at_ms = 0;
  for (const [active, idle] of parts) {
    gaps.push({ from_ms: at_ms + active, to_ms: at_ms + active + idle });
    at_ms += active + idle;
  }
  return { gaps, end_ms: at_ms + 1234 };
}

type Step = { kind: "zoom"; px: number; factor: number } | { kind: "pan"; px: number } | { kind: "fold"; gap: number };
const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("zoom" as const),
      px: fc.double({ min: 0, max: 1, noNaN: true }),
      factor: fc.double({ min: 0.2, max: 8, noNaN: true }),
    }),
    fc.record({ kind: fc.constant("pan" as const), px: fc.integer({ min: -5000, max: 5000 }) }),
    fc.record({ kind: fc.constant("fold" as const), gap: fc.integer({ min: -1, max: 59 }) }),
  ),
  { maxLength: 12 },
);

function walked(parts: [number, number][], width: number, walk: Step[]): { scale: TimeScale; end_ms: number } {
  const { gaps, end_ms } = interview(parts);
  const scale = new TimeScale();
  scale.set(end_ms, gaps, width);
  for (const step of walk) {
    if (step.kind === "zoom") scale.zoomAt(step.px * width, step.factor);
    else if (step.kind === "pan") scale.pan(step.px);
    else scale.toggleFolds(width / 2, gaps[step.gap]?.from_ms);
  }
  return { scale, end_ms };
}

await test("time goes to the right, and every place has its time", () => {
  fc.assert(
    fc.property(lengths, widths, steps, fc.array(shares), (parts, width, walk, at) => {
      const { scale, end_ms } = walked(parts, width, walk);
      const times = at.map((share) => share * end_ms).sort((a, b) => a - b);
      const xs = times.map((time) => scale.xOf(time));
      xs.forEach((x, index) => {
        assert.ok(x >= (xs[index - 1] ?? 0) && x <= scale.length + 1e-6);
        assert.ok(Math.abs(scale.timeOf(x) - (times[index] ?? 0)) < 0.5);
      });
    }),
  );
});

await test("all of it fills the view exactly until one zooms, and never less than the view", () => {
  fc.assert(
    fc.property(lengths, widths, steps, (parts, width, walk) => {
      const { scale } = walked(parts, width, walk);
      assert.ok(scale.length >= width - 0.01);
      assert.ok(scale.left >= 0 && scale.left <= scale.length - width + 0.01);
      scale.zoomToFit();
      assert.ok(Math.abs(scale.length - width) < 0.01);
    }),
  );
});

await test("zooming keeps the time under the pointer, unless an end is in the way", () => {
  fc.assert(
    fc.property(
      lengths,
      widths,
      steps,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0.2, max: 8, noNaN: true }),
      (parts, width, walk, share, factor) => {
        const { scale } = walked(parts, width, walk);
        const px = share * width;
        const before = scale.timeAt(px);
        scale.zoomAt(px, factor);
        const atAnEnd = scale.left === 0 || scale.left >= scale.length - width;
        assert.ok(atAnEnd || Math.abs(scale.xOf(before) - scale.left - px) < 0.01);
      },
    ),
  );
});

await test("a recording that grows stays where it is looked at, and follows when its end is looked at", () => {
  fc.assert(
    fc.property(lengths, widths, steps, fc.integer({ min: 0, max: 60_000 }), (parts, width, walk, more) => {
      const { scale, end_ms } = walked(parts, width, walk);
      const { gaps } = interview(parts);
      const fitted = scale.fitted;
      const first_ms = scale.timeAt(0);
      const atEnd = scale.left + width >= scale.length - 1;
      scale.set(end_ms + more, gaps, width);
      if (fitted) assert.ok(scale.fitted);
      if (scale.fitted) assert.ok(Math.abs(scale.length - width) < 0.01);
      else if (atEnd) assert.ok(Math.abs(scale.left + width - scale.length) < 0.01);
      else if (scale.left < scale.length - width - 0.01) assert.ok(Math.abs(scale.timeAt(0) - first_ms) < 1);
    }),
  );
});

await test("a fold is told with its time, is narrow, and opens and closes by itself", () => {
  const scale = new TimeScale();
  const gaps = [{ from_ms: 600_000, to_ms: 2_400_000 }];
  scale.set(3_600_000, gaps, 1000);
  const [fold] = scale.visibleFolds();
  assert.ok(fold !== undefined && fold.width <= 10);
  assert.equal(scale.gapAt(1_000_000), gaps[0]);
  assert.equal(scale.gapAt(599_999), null);
  scale.toggleFolds(500, 600_000);
  assert.deepEqual(scale.visibleFolds(), []);
  assert.ok(Math.abs(scale.xOf(1_800_000) - 500) < 0.01);
  scale.toggleFolds(500, 600_000);
  assert.equal(scale.visibleFolds().length, 1);
  scale.toggleFolds(500);
  assert.deepEqual(scale.visibleFolds(), []);
});

await test("no time at all, a millisecond, and thirty hours", () => {
  for (const end_ms of [0, 1, 30 * 3_600_000]) {
    const scale = new TimeScale();
    scale.set(end_ms, [], 800);
    scale.zoomAt(400, 1000);
    scale.pan(1e9);
    for (const at_ms of [0, end_ms / 2, end_ms]) {
      assert.ok(Number.isFinite(scale.xOf(at_ms)));
      assert.ok(Math.abs(scale.timeOf(scale.xOf(at_ms)) - at_ms) < 0.5);
    }
    assert.ok(ticks(scale, end_ms, 72).length < 500);
  }
});

await test("ticks are in order, apart, outside folds, and labelled", () => {
  fc.assert(
    fc.property(lengths, widths, steps, (parts, width, walk) => {
      const { scale, end_ms } = walked(parts, width, walk);
      const found = ticks(scale, end_ms, 72);
      const folds = scale.visibleFolds();
      found.forEach(({ at_ms, x }, at) => {
        assert.ok(x >= -0.01 && x <= width + 0.01);
        assert.ok(at === 0 || at_ms >= (found[at - 1]?.at_ms ?? 0));
        assert.ok(!folds.some(({ from_ms, to_ms }) => at_ms > from_ms && at_ms < to_ms));
      });
      if (folds.length === 0) assert.ok(found.some(({ label }) => label !== null) || width < 400);
    }),
  );
});

await test("gaps that two recordings have in common", () => {
  const gap = (from_ms: number, to_ms: number): Gap => ({ from_ms, to_ms });
  const common = commonGaps([gap(0, 10), gap(20, 50)], [gap(5, 30), gap(40, 60)]);
  assert.deepEqual(common, [gap(5, 10), gap(20, 30), gap(40, 50)]);
  assert.deepEqual(commonGaps([gap(0, 10)], []), []);
});

await test("lengths are told in a word or two", () => {
  assert.deepEqual([45_000, 240_000, 3_600_000, 3_900_000].map(span), ["45 s", "4 min", "1 h", "1 h 5 min"]);
});
