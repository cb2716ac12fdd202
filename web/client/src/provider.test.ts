import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import * as encoding from "lib0/encoding";
import * as syncProtocol from "y-protocols/sync";
import * as Y from "yjs";
import { CLOSE_CODES } from "./close_codes";
import { Provider, type ConnectionState } from "./provider";
import { World } from "./provider_world";

let world: World;
let document: Y.Doc;
let provider: Provider;
let states: ConnectionState["kind"][];
let spoilt: string[];

beforeEach(() => {
  world = new World();
  document = new Y.Doc();
  states = [];
  spoilt = [];
  provider = new Provider(document, world, {
    onConnection: (state) => states.push(state.kind),
    onSaved: () => undefined,
    onSpoilt: (reason) => spoilt.push(reason),
  });
});

afterEach(() => {
  provider.destroy();
});

const type = (text: string): void => {
  document.getText("source").insert(document.getText("source").length, text);
};
const kinds = (): string[] => world.line.sent.map((frame) => frame.kind);

await test("on opening it asks for the state and says who it is; both halves make it synchronised", () => {
  world.server.getText("source").insert(0, "there");
  provider.connect("ws://x");
  world.line.socket.onopen?.({} as Event);
  assert.deepEqual(kinds(), ["step1", "awareness"]);
  world.synchronise();
  assert.equal(provider.connection.kind, "synchronised");
  assert.equal(document.getText("source").toJSON(), "there");
});

await test("saved means acknowledged, frame by frame", () => {
  provider.connect("ws://x");
  world.synchronise();
  world.say(8, 1);
  assert.deepEqual(provider.saved, { kind: "saved" });
  type("a");
  type("b");
  assert.deepEqual(provider.saved, { kind: "saving", changes: 2, since: 0 });
  world.say(8, 2);
  assert.deepEqual(provider.saved, { kind: "saving", changes: 1, since: 0 });
  world.say(8, 3);
  assert.deepEqual(provider.saved, { kind: "saved" });
});

await test("what is typed before the server's step 1 goes into the step 2 and not before it", () => {
  provider.connect("ws://x");
  world.line.socket.onopen?.({} as Event);
  type("early");
  assert.ok(!kinds().includes("update"));
  world.synchronise();
  assert.equal(world.server.getText("source").toJSON(), "early");
  assert.deepEqual(provider.saved, { kind: "saving", changes: 1, since: 0 });
});

await test("a lost connection gives its changes back and brings them on return", () => {
  provider.connect("ws://x");
  world.synchronise();
  world.say(8, 1);
  type("unheard ");
  world.hangUp(1006);
  assert.deepEqual(provider.saved, { kind: "offline", changes: 1 });
  type("offline");
  assert.deepEqual(provider.saved, { kind: "offline", changes: 2 });
  world.pass(250);
  assert.equal(world.opened.length, 2);
  world.synchronise();
  assert.equal(world.server.getText("source").toJSON(), "unheard offline");
  world.say(8, 1);
  assert.deepEqual(provider.saved, { kind: "saved" });
});

await test("nobody hears of unsaved changes while the lost connection still counts as synchronised", () => {
  const heard: string[] = [];
  const watched = new Provider(document, world, {
    onConnection: () => undefined,
    onSaved: (saved) => heard.push(`${watched.connection.kind}: ${saved.kind}`),
    onSpoilt: () => undefined,
  });
  watched.connect("ws://x");
  world.synchronise();
  world.say(8, 1);
  type("unheard");
  heard.length = 0;
  world.hangUp(1006);
  assert.deepEqual(heard, ["offline: offline"]);
  watched.destroy();
});

await test("it retries soon, then less often, and starts over once it was synchronised", () => {
  provider.connect("ws://x");
  const waits: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    const before = world.time;
    const opened = world.opened.length;
    world.hangUp(1006);
    while (world.opened.length === opened) world.pass(50);
    waits.push(world.time - before);
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 3000, 3000, 3000, 3000]);
  world.synchronise();
  world.hangUp(CLOSE_CODES.RESTART);
  world.pass(250);
  assert.equal(world.opened.length, 10);
});

await test("a wake does not wait for the retry", () => {
  provider.connect("ws://x");
  for (let round = 0; round < 6; round += 1) {
    world.hangUp(1006);
    world.pass(10_000);
  }
  world.hangUp(1006);
  const before = world.opened.length;
  provider.wake();
  assert.equal(world.opened.length, before + 1);
});

await test("final codes are not retried, finished is its own state", () => {
  for (const code of [
    CLOSE_CODES.INVALID,
    CLOSE_CODES.TICKET,
    CLOSE_CODES.REMOVED,
    CLOSE_CODES.NO_DOCUMENT,
    CLOSE_CODES.LIMIT,
    CLOSE_CODES.TOO_BIG,
  ]) {
    provider.connect("ws://x");
    const before = world.opened.length;
    world.hangUp(code, "why");
    world.pass(600_000);
    assert.deepEqual(provider.connection, { kind: "refused", code, reason: "why" });
    assert.equal(world.opened.length, before);
  }
  provider.connect("ws://x");
  world.hangUp(CLOSE_CODES.FINISHED);
  assert.deepEqual(provider.connection, { kind: "finished" });
});

await test("the server's other codes are retried", () => {
  for (const code of [CLOSE_CODES.RESTART, CLOSE_CODES.TOO_SLOW, CLOSE_CODES.OUT_OF_STEP, CLOSE_CODES.RATE]) {
    provider.connect("ws://x");
    const before = world.opened.length;
    world.hangUp(code);
    assert.deepEqual(provider.connection, { kind: "offline", failures: 1, code });
    world.pass(15_000);
    assert.equal(world.opened.length, before + 1);
    assert.equal(provider.connection.kind, "connecting");
  }
});

await test("nothing is lost over the server's other codes", () => {
  provider.connect("ws://x");
  world.synchronise();
  let text = "";
  for (const code of [CLOSE_CODES.RESTART, CLOSE_CODES.TOO_SLOW, CLOSE_CODES.OUT_OF_STEP, CLOSE_CODES.RATE]) {
    type(`${code} `);
    world.hangUp(code);
    type("away ");
    text += `${code} away `;
    world.pass(15_000);
    world.synchronise();
    assert.equal(provider.connection.kind, "synchronised");
    assert.equal(world.server.getText("source").toJSON(), text);
  }
  assert.deepEqual(spoilt, []);
});

await test("who is over a rate waits until the handshake is open again, and knows why meanwhile", () => {
  provider.connect("ws://x");
  world.hangUp(CLOSE_CODES.RATE);
  world.pass(9_999);
  assert.equal(world.opened.length, 1);
  world.pass(5_000);
  assert.equal(world.opened.length, 2);
  world.hangUp(1006);
  assert.deepEqual(provider.connection, { kind: "offline", failures: 2, code: CLOSE_CODES.RATE });
  world.pass(15_000);
  world.synchronise();
  world.hangUp(1006);
  assert.deepEqual(provider.connection, { kind: "offline", failures: 1, code: 0 });
});

await test("45 s of silence end a connection, anything heard keeps it", () => {
  provider.connect("ws://x");
  world.synchronise();
  for (let round = 0; round < 5; round += 1) {
    world.pass(40_000);
    world.say(1, 1, 0);
  }
  assert.equal(world.opened.length, 1);
  world.pass(45_000);
  assert.equal(provider.connection.kind, "offline");
  assert.equal(world.opened[0]?.closed, true);
});

await test("a doubtful connection is asked, and dropped when it does not answer", () => {
  provider.connect("ws://x");
  world.synchronise();
  world.pass(1_000);
  provider.probe();
  world.pass(100);
  world.say(1, 1, 0);
  world.pass(10_000);
  assert.equal(provider.connection.kind, "synchronised");
  provider.probe();
  world.pass(4_000);
  assert.equal(provider.connection.kind, "offline");
});

await test("a later step 1 of the server is answered, and counted", () => {
  provider.connect("ws://x");
  world.synchronise();
  world.say(8, 1);
  world.saySync((encoder) => {
    syncProtocol.writeSyncStep1(encoder, world.server);
  });
  assert.equal(kinds().filter((kind) => kind === "step2").length, 2);
  assert.equal(provider.saved.kind, "saving");
  world.say(8, 2);
  assert.equal(provider.saved.kind, "saved");
});

await test("a denial and an update that cannot be applied spoil the document", () => {
  provider.connect("ws://x");
  world.synchronise();
  world.say(2, 0, 2, 110, 111);
  assert.deepEqual(spoilt, ["no"]);
  world.saySync((encoder) => {
    syncProtocol.writeUpdate(encoder, Uint8Array.of(1, 1, 1, 0, 31, 0));
  });
  assert.equal(spoilt.length, 2);
});

await test("the others' presence goes with the connection", () => {
  provider.connect("ws://x");
  world.synchronise();
  const state = new TextEncoder().encode("{}");
  world.say(1, 6, 1, 7, 1, state.length, ...state);
  assert.ok(provider.awareness.getStates().has(7));
  world.hangUp(1006);
  assert.ok(!provider.awareness.getStates().has(7));
  assert.ok(provider.awareness.getLocalState() !== null);
});

await test("our own presence coming back does not replace what we say of ourselves", () => {
  provider.connect("ws://x");
  world.synchronise();
  provider.awareness.setLocalStateField("cursor", null);
  const own = encoding.createEncoder();
  encoding.writeVarUint(own, 1);
  encoding.writeVarUint(own, document.clientID);
  encoding.writeVarUint(own, 1000);
  encoding.writeVarString(own, '{"cursor":"old"}');
  const message = encoding.createEncoder();
  encoding.writeVarUint(message, 1);
  encoding.writeVarUint8Array(message, encoding.toUint8Array(own));
  world.say(...encoding.toUint8Array(message));
  assert.deepEqual(provider.awareness.getLocalState(), { cursor: null });
});

await test("what comes faster than it is shown is applied together, and nothing stays behind", () => {
  provider.connect("ws://x");
  world.synchronise();
  let changes = 0;
  const mine = document.getText("source");
  mine.observe(() => {
    changes += 1;
  });
  const theirs = world.server.getText("source");
  world.server.on("update", (update: Uint8Array) => {
    world.saySync((encoder) => {
      syncProtocol.writeUpdate(encoder, update);
    });
  });
  for (const key of "flood of keys") theirs.insert(theirs.length, key);
  assert.equal(mine.toJSON(), "f", "the first is not kept waiting");
  world.pass(16);
  assert.equal(mine.toJSON(), "flood of keys");
  assert.equal(changes, 2);
  theirs.insert(0, "a ");
  theirs.insert(0, "not ");
  world.saySync((encoder) => {
    syncProtocol.writeSyncStep1(encoder, world.server);
  });
  assert.equal(mine.toJSON(), "not a flood of keys", "an answer is given with all that has come");
  theirs.delete(0, 4);
  world.hangUp(1006);
  assert.equal(mine.toJSON(), "a flood of keys", "nor does it go with the connection");
});

await test("after a restart everybody is back within three seconds, and nobody's retries meet the others'", () => {
  const UP_MS = 1_500;
  const arrivals: number[] = [];
  for (let client = 0; client < 1_000; client += 1) {
    const own = new World(() => Math.random());
    const peer = new Provider(new Y.Doc(), own, {
      onConnection: () => undefined,
      onSaved: () => undefined,
      onSpoilt: () => undefined,
    });
    peer.connect("ws://x");
    own.synchronise();
    own.hangUp(CLOSE_CODES.RESTART);
    for (let tried = 1; ; tried = own.opened.length) {
      while (own.opened.length === tried) own.pass(10);
      if (own.time >= UP_MS) break;
      own.hangUp(1006);
    }
    arrivals.push(own.time);
    peer.destroy();
  }
  assert.ok(Math.max(...arrivals) <= 3_100);
  for (let at = UP_MS; at < 3_100; at += 100) {
    assert.ok(arrivals.filter((time) => time >= at && time < at + 100).length < 250);
  }
});
