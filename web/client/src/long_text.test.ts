import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LongText } from "./long_text";
import { writeUnits } from "./utf16";

function unitsOf(text: string): Uint16Array {
  const units = new Uint16Array(text.length);
  writeUnits(text, units, 0);
  return units;
}

const pieces = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 5 }),
  fc.tuple(fc.string({ minLength: 1, maxLength: 3 }), fc.integer({ max: 4000 })).map(([text, times]) => text.repeat(Math.max(1, times))),
);
const edits = fc.array(
  fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), gone: fc.integer({ min: 0, max: 9000 }), come: pieces }),
  { minLength: 1, maxLength: 40 },
);

await test("a text of many parts is what a string would be", () => {
  fc.assert(
    fc.property(edits, fc.string({ maxLength: 20 }), fc.boolean(), (all, first, isLoaded) => {
      const text = new LongText();
      let expected = isLoaded ? first.repeat(700) : "";
      text.load(unitsOf(expected));
      for (const { at, gone, come } of all) {
        const position = Math.floor(at * expected.length);
        const deleted = Math.min(gone, expected.length - position);
        text.replace(position, deleted, unitsOf(come), 0, come.length);
        expected = expected.slice(0, position) + come + expected.slice(position + deleted);
        assert.equal(text.length, expected.length);
        const from = Math.floor(position / 2);
        assert.equal(text.slice(from, position), expected.slice(from, position));
        const next = Math.min(position + 1, expected.length);
        assert.equal(text.slice(position, next), expected.slice(position, next));
      }
      assert.equal(text.toString(), expected);
    }),
    { numRuns: 200 },
  );
});

await test("edits at both ends of a very long text are cheap", () => {
  const text = new LongText();
  const x = unitsOf("x");
  text.load(new Uint16Array(2 ** 25).fill(97));
  for (let round = 0; round < 1000; round += 1) text.replace(round % 2 === 0 ? 0 : text.length, 0, x, 0, 1);
  for (let round = 0; round < 1000; round += 1) text.replace(round % 2 === 0 ? 0 : text.length - 1, 1, x, 0, 0);
  assert.equal(text.length, 2 ** 25);
  assert.equal(text.slice(0, 1) + text.slice(text.length - 1, text.length), "aa");
});
