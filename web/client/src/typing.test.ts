import assert from "node:assert/strict";
import { test } from "node:test";
import { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { writersOf } from "./typing";

await test("who wrote is told by the client ids of what is new, by the name that the server gave them", () => {
  const here = new Y.Doc();
  const awareness = new Awareness(here);
  const seen: string[][] = [];
  here.on("afterTransaction", (transaction: Y.Transaction) => {
    seen.push(writersOf(transaction, awareness));
  });
  const [ann, bob, stranger] = [new Y.Doc(), new Y.Doc(), new Y.Doc()];
  awareness.states.set(ann.clientID, { user: { id: "p1", name: "Ann" } });
  awareness.states.set(bob.clientID, { user: { id: "p2", name: "Bob" } });
  for (const doc of [ann, bob, stranger]) {
    doc.getText("source").insert(0, "x");
    Y.applyUpdate(here, Y.encodeStateAsUpdate(doc));
  }
  Y.applyUpdate(here, Y.encodeStateAsUpdate(ann));
  assert.deepEqual(seen, [["p1"], ["p2"], [], []]);
  awareness.destroy();
});
