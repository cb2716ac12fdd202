import assert from "node:assert/strict";
import { test } from "node:test";
import { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { Whereabouts } from "./whereabouts";

const user = (id: string) => ({ id, name: `${id}\u202e`, color: "#123456" });

function cursor(text: Y.Text, at: number): object {
  const position = Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, at)) as object;
  return { anchor: position, head: position };
}

await test("everybody is in one file: where his caret was last", () => {
  const document = new Y.Doc();
  const awareness = new Awareness(document);
  let changes = 0;
  const whereabouts = new Whereabouts(document, awareness, () => {
    changes += 1;
  });
  const first = document.getText("source");
  const second = document.getText("source/a");
  first.insert(0, "one two");
  second.insert(0, "three");
  const say = (client: number, state: Record<string, unknown>): void => {
    awareness.states.set(client, state);
    awareness.emit("change", [{ added: [], updated: [client], removed: [] }, "test"]);
  };
  say(1, { user: user("ann"), cursor: cursor(first, 3) });
  say(2, { user: user("ann"), cursor: cursor(second, 2) });
  say(3, { user: user("bob"), cursor: null });
  say(4, { user: user("eve"), cursor: { head: { tname: 7 } } });
  say(5, { cursor: cursor(first, 0) });
  assert.equal(changes, 5);
  const ann = { participant: "ann", name: "ann", color: "#123456", file: "a", at: 2 };
  assert.deepEqual(whereabouts.others(), [ann]);
  say(1, { user: user("ann"), cursor: cursor(first, 3) });
  first.insert(0, "zero ");
  assert.deepEqual(whereabouts.others(), [{ ...ann, file: "source", at: 8 }]);
  assert.equal(whereabouts.nameOf("bob"), "bob");
  assert.equal(whereabouts.nameOf("zoe"), null);
  awareness.destroy();
});
