import assert from "node:assert/strict";
import { test } from "node:test";
import { areSame, lostIn, lostLines, together, type Texts } from "./lost_text";

await test("what is lost is the lines between what both texts begin and end with", () => {
  assert.equal(lostLines("a\nb\nc", "a\nc"), "b");
  assert.equal(lostLines("a\nmine\nc", "a\ntheirs\nc"), "mine");
  assert.equal(lostLines("same", "same"), "");
  assert.equal(lostLines("a\nc", "a\nb\nc"), "");
  assert.equal(lostLines("x\nx\nx", "x\nx"), "x");
});

const texts = (...files: [string, string][]): Texts => new Map(files.map(([name, text]) => [name, { name, text }]));

await test("what is lost is told of every file by its name", () => {
  const before = texts(["a.py", "one\ntwo"], ["b.py", "three"], ["c.py", "same"]);
  const after = texts(["a.py", "one"], ["c.py", "same"]);
  assert.equal(lostIn(before, after), "── a.py ──\ntwo\n\n── b.py ──\nthree");
  assert.equal(lostIn(texts(["a.py", "one\ntwo"]), after), "two");
  assert.equal(lostIn(after, before), "");
  assert.equal(together(after), "── a.py ──\none\n\n── c.py ──\nsame");
  assert.ok(areSame(after, after));
  assert.ok(!areSame(after, before));
});
