import assert from "node:assert/strict";
import { test } from "node:test";
import { rangesOf, wordsOf } from "./found";

function found(text: string, query: string): string[] {
  return rangesOf(text, wordsOf(query)).map(([from, to]) => text.slice(from, to));
}

await test("words are found whatever their case and accents, and shown as they are written", () => {
  assert.deepEqual(found("José Núñez", "jose nunez"), ["José", "Núñez"]);
  assert.deepEqual(found("ADA and ada", "Ada"), ["ADA", "ada"]);
  assert.deepEqual(found("Jose\u0301 again", "josé"), ["Jose\u0301"]);
  assert.deepEqual(found("😀 ﬁne", "fine"), ["ﬁne"]);
  assert.deepEqual(found("banana", "ana nan"), ["anana"]);
  assert.deepEqual(found("nothing", "zebra"), []);
  assert.deepEqual(found("nothing", "  "), []);
});
