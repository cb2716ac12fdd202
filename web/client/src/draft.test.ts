import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as Y from "yjs";
import { asideOf, Draft } from "./draft";
import { Unsaved } from "./unsaved";

const textOf = (update: Uint8Array): string => {
  const document = new Y.Doc();
  Y.applyUpdate(document, update);
  return document.getText("source").toJSON();
};

/** A tab with one document: what the page does with its provider and its draft. */
class Tab {
  readonly document = new Y.Doc();
  readonly unsaved = new Unsaved(
    () => 0,
    () => {
      this.draft.setUnsaved(this.unsaved.changes);
    },
  );
  readonly draft: Draft;
  private connected = false;
  private frames = 0;

  constructor(of: string, name: string) {
    this.draft = new Draft(of, "room", () => undefined, name);
    this.document.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin === "kept") return;
      if (origin === null) {
        if (this.connected) {
          this.frames += 1;
          this.unsaved.send(update);
        } else this.unsaved.keep({ count: 1, updates: [update] });
      }
      this.draft.add(update);
    });
  }

  async load(): Promise<number> {
    const kept = await this.draft.take();
    if (kept === null) return 0;
    Y.applyUpdate(this.document, kept.state, "kept");
    if (kept.changes.count > 0) this.unsaved.keep(kept.changes);
    return kept.changes.count;
  }

  type(text: string): void {
    this.document.getText("source").insert(this.document.getText("source").length, text);
  }

  connect(): void {
    this.connected = true;
    this.frames = 1;
    this.unsaved.sendAll();
  }

  disconnect(): void {
    this.connected = false;
    this.unsaved.disconnected();
  }

  /** All that is sent is on the server's disk. */
  acknowledge(): void {
    if (this.connected) this.unsaved.acknowledge(this.frames);
  }

  get text(): string {
    return this.document.getText("source").toJSON();
  }

  get count(): number {
    const { state } = this.unsaved;
    return state.kind === "saved" ? 0 : state.changes;
  }

  /** As a crash leaves it, once storage has come after. */
  async crash(): Promise<void> {
    this.draft.flush();
    await new Promise((done) => setTimeout(done, 5));
    this.draft.flush();
    await new Promise((done) => setTimeout(done, 5));
  }
}

let rooms = 0;
const somebody = (): string => `participant ${(rooms += 1)}`;

const act = fc.constantFrom("type", "connect", "disconnect", "acknowledge", "reload");

await test("whatever happens, a reload finds the whole text and what of it is unsaved", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
      const of = somebody();
      let tab = new Tab(of, "0");
      await tab.load();
      for (const [number, what] of acts.entries()) {
        if (what === "type") tab.type(`${number} 😀`);
        else if (what === "connect") tab.connect();
        else if (what === "disconnect") tab.disconnect();
        else if (what === "acknowledge") tab.acknowledge();
        else {
          const { text, count } = tab;
          await tab.crash();
          tab = new Tab(of, String(number));
          assert.equal(await tab.load(), count);
          assert.equal(tab.text, text);
        }
      }
    }),
    { numRuns: 25 },
  );
});

await test("nobody else is given it", async () => {
  const tab = new Tab(somebody(), "a");
  await tab.load();
  tab.type("mine");
  await tab.crash();
  assert.equal(await new Draft(somebody(), "room").take(), null);
});

await test("what two tabs have not saved is all found, and counted", async () => {
  const of = somebody();
  const [one, two] = [new Tab(of, "one"), new Tab(of, "two")];
  for (const tab of [one, two]) {
    await tab.load();
    tab.type("x");
    await tab.crash();
  }
  const third = new Tab(of, "three");
  assert.equal(await third.load(), 2);
  assert.equal(third.text, "xx");
  // The others live on, and what they save now takes nothing of it away.
  one.connect();
  one.acknowledge();
  await one.crash();
  assert.equal(await new Tab(of, "four").load(), 2);
});

await test("what is cleared is gone, also when it was just being written", async () => {
  const of = somebody();
  const tab = new Tab(of, "a");
  await tab.load();
  tab.type("refused");
  tab.draft.flush();
  await tab.draft.clear();
  tab.type("more");
  await tab.crash();
  assert.equal(await new Draft(of, "room").take(), null);
});

await test("what is unsaved is found without the rest of the document", async () => {
  const of = somebody();
  const server = new Y.Doc();
  server.getText("source").insert(0, "base ");
  const tab = new Tab(of, "a");
  Y.applyUpdate(tab.document, Y.encodeStateAsUpdate(server), "kept");
  tab.type("unsent");
  const draft = new Draft(of, "other");
  draft.setUnsaved(tab.unsaved.changes);
  await draft.flushed();
  const kept = await new Draft(of, "other").take();
  assert.equal(kept?.changes.count, 1);
  Y.applyUpdate(server, kept.state);
  assert.equal(server.getText("source").toJSON(), "base unsent");
});

await test("what is put aside is not sent, adds up and stays until it is put away", async () => {
  const of = somebody();
  for (const text of ["one", "two"]) {
    const document = new Y.Doc();
    document.getText("source").insert(0, text);
    const update = Y.encodeStateAsUpdate(document);
    const aside = asideOf(of, "room");
    aside.add(update);
    aside.setUnsaved({ count: 3, updates: [update] });
    await aside.flushed();
  }
  assert.equal(await new Draft(of, "room").take(), null);
  for (let load = 0; load < 2; load += 1) {
    const kept = await asideOf(of, "room").peek();
    assert.equal(kept?.changes.count, 6);
    assert.match(textOf(kept.state), /^(onetwo|twoone)$/);
  }
  await asideOf(of, "room").clear();
  assert.equal(await asideOf(of, "room").peek(), null);
});

await test("hours offline are a few updates, and none is forgotten", () => {
  const document = new Y.Doc();
  const unsaved = new Unsaved(
    () => 0,
    () => undefined,
  );
  document.on("update", (update: Uint8Array) => {
    unsaved.keep({ count: 1, updates: [update] });
  });
  for (let key = 0; key < 5_000; key += 1) document.getText("source").insert(key, "x");
  assert.ok(unsaved.changes.updates.length <= 51);
  assert.equal(unsaved.changes.count, 5_000);
  assert.equal(textOf(Y.mergeUpdates(unsaved.changes.updates)), "x".repeat(5_000));
});
