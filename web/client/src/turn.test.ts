import assert from "node:assert/strict";
import { test } from "node:test";
import { Turn } from "./turn";

await test("refusals are counted, unless somebody's decision explains them", async () => {
  let [attempts, ends] = [0, 0];
  const turn = new Turn(
    () => {
      attempts += 1;
      return Promise.resolve();
    },
    2,
    () => {
      ends += 1;
    },
  );
  for (let time = 0; time < 10; time += 1) {
    await turn.after("refusal");
    await turn.after("decision");
  }
  assert.deepEqual([attempts, ends], [20, 0]);
  for (let time = 0; time < 3; time += 1) await turn.after("refusal");
  assert.deepEqual([attempts, ends], [22, 1]);
});
