import assert from "node:assert/strict";
import { test } from "node:test";
import { lostLines } from "./lost_text";

await test("what is lost is the lines between what both texts begin and end with", () => {
  assert.equal(lostLines("a\nb\nc", "a\nc"), "b");
  assert.equal(lostLines("a\nmine\nc", "a\ntheirs\nc"), "mine");
  assert.equal(lostLines("same", "same"), "");
  assert.equal(lostLines("a\nc", "a\nb\nc"), "");
  assert.equal(lostLines("x\nx\nx", "x\nx"), "x");
});
