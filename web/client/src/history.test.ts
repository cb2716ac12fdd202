import assert from "node:assert/strict";
import { test } from "node:test";
import { Cursor } from "./cursor";
import { History } from "./history";
import { Operations } from "./operations";

await test("a long history of thousands of texts opens without looking at all of them at every checkpoint", () => {
  const rootCount = 10_000;
  const length = 3_000_000;
  const operations = new Operations(length, length);
  operations.units.fill(97);
  operations.inserted.fill(1);
  for (let index = 0; index < length; index += 1) {
    operations.entry[index] = index + 1;
    operations.root[index] = index % rootCount;
    operations.start[index + 1] = index + 1;
  }
  const history = new History(operations, rootCount);
  const cursor = new Cursor(history);
  for (const index of [length, 0, 1_234_567]) {
    cursor.goTo(index);
    assert.equal(cursor.text(7), "a".repeat(Math.floor((index + rootCount - 8) / rootCount)));
  }
});
