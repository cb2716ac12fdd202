import assert from "node:assert/strict";
import { test } from "node:test";
import * as Y from "yjs";
import { indexOf, placeIn } from "./place";

await test("a place stays behind its character, and falls back to its distance", () => {
  const text = new Y.Doc().getText("source");
  text.insert(0, "one two");
  const place = JSON.parse(JSON.stringify(placeIn(text, 3))) as ReturnType<typeof placeIn>;
  text.insert(3, "!");
  text.insert(0, "more ");
  assert.equal(indexOf(place, text), 8);
  const other = new Y.Doc().getText("source");
  other.insert(0, "x");
  assert.equal(indexOf(place, other), 1);
  other.insert(0, "hello");
  assert.equal(indexOf(place, other), 3);
  assert.equal(indexOf({ position: "nonsense", at: 2 }, other), 2);
});
