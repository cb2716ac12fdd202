import assert from "node:assert/strict";
import { test } from "node:test";
import { EditorState } from "@codemirror/state";
import { parts } from "./big_change";

await test("the parts of a change, one after the other, are the change", () => {
  const state = EditorState.create({ doc: "a-a-a-a-a" });
  const changes = [0, 2, 4, 6, 8].map((from) => ({ from, to: from + 1, insert: "long" }));
  const whole = state.update({ changes });
  const split = parts(whole, 2);
  assert.deepEqual(
    split.map((part) => part.length),
    [2, 2, 1],
  );
  const end = split.reduce((text, part) => text.update({ changes: part }).state, state);
  assert.equal(end.doc.toString(), whole.newDoc.toString());
  assert.equal(parts(whole, 5).length, 1);
});
