import assert from "node:assert/strict";
import { test } from "node:test";
import { EditorState, Text } from "@codemirror/state";
import { wholeCharacters, widen } from "./surrogate";

const changed = (before: string, from: number, to: number, insert: string): string => {
  const state = EditorState.create({ doc: before, extensions: wholeCharacters });
  return state.update({ changes: { from, to, insert } }).newDoc.toString();
};

await test("replacing half of a character replaces the whole", () => {
  assert.deepEqual(widen(Text.of(["a😀b"]), 2, 3, "😁".slice(1)), { from: 1, to: 3, insert: "😁" });
  assert.equal(changed("a😀b", 2, 3, "😁".slice(1)), "a😁b");
  assert.equal(changed("a😀b", 1, 2, "🀀".slice(0, 1)), "a🈀b");
});

await test("deleting half of a character deletes the whole", () => {
  assert.equal(changed("a😀b", 2, 3, ""), "ab");
  assert.equal(changed("a😀b", 1, 2, ""), "ab");
  assert.equal(changed("😀😀", 1, 3, ""), "");
});

await test("an insertion inside a character goes behind it, and half characters do not come in", () => {
  assert.equal(changed("a😀b", 2, 2, "x"), "a😀xb");
  assert.equal(changed("ab", 1, 1, "\ud83d"), "a\ufffdb");
});

await test("other changes pass as they are, with their selection", () => {
  const state = EditorState.create({ doc: "a😀b", extensions: wholeCharacters });
  const transaction = state.update({
    changes: { from: 1, to: 3, insert: "😁" },
    selection: { anchor: 3 },
    userEvent: "input",
  });
  assert.equal(transaction.newDoc.toString(), "a😁b");
  assert.equal(transaction.newSelection.main.head, 3);
  assert.equal(transaction.isUserEvent("input"), true);
});

await test("every change of every text of few characters leaves whole characters", () => {
  const texts = ["😀a😁", "a😀😀b", "😀"];
  const inserts = ["", "x", "😁", "\ud83d", "\ude01"];
  for (const before of texts) {
    for (let from = 0; from <= before.length; from += 1) {
      for (let to = from; to <= before.length; to += 1) {
        for (const insert of inserts) assert.doesNotMatch(changed(before, from, to, insert), /\p{Surrogate}/u);
      }
    }
  }
});
