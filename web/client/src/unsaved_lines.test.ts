import assert from "node:assert/strict";
import { test } from "node:test";
import * as Y from "yjs";
import { linesSince } from "./unsaved_lines";

await test("of a text only the lines that one has just written", () => {
  const [ours, theirs] = [new Y.Doc(), new Y.Doc()];
  const text = ours.getText("source");
  text.insert(0, "saved\nhalf");
  const clock = Y.getState(ours.store, ours.clientID);
  const since = new Map([[ours.clientID, clock]]);
  assert.equal(linesSince(text, since), "");
  text.insert(10, " a line\nand\n\none more");
  assert.equal(linesSince(text, since), "half a line\nand\none more");
  Y.applyUpdate(theirs, Y.encodeStateAsUpdate(ours));
  theirs.getText("source").insert(0, "of somebody else\n");
  Y.applyUpdate(ours, Y.encodeStateAsUpdate(theirs));
  text.delete(text.toJSON().indexOf("and"), 4);
  assert.equal(linesSince(text, since), "half a line\none more");
});
