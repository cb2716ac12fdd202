import assert from "node:assert/strict";
import { test } from "node:test";
import { person, room } from "./fake_room";
import type { Participant, RoomEvent, SeatState } from "./room_events";

const names = (people: Participant[]): string[] => people.map(({ name }) => name);

function seat(id: string, state: SeatState, number: number | null): RoomEvent {
  return { kind: "admission.changed", id, state, number, place: null, reason: null };
}

await test("a full room: who is over the limit observes, and moves up as seats free", () => {
  const people = room([
    person("Ada", "interviewer", "seated", 1),
    person("Bo", "interviewer", "observing", 5),
    person("Cy", "interviewer", "observing", 4),
    person("Cleo", "candidate", "seated", 2),
    person("Ob", "observer", "observing", 3),
  ]);
  assert.deepEqual(names(people.inside), ["Cleo", "Ada", "Bo", "Cy", "Ob"]);
  assert.deepEqual([people.place("Cy"), people.place("Bo"), people.place("Ada"), people.place("Ob")], [1, 2, null, null]);
  people.accept(seat("Cy", "seated", 4));
  assert.equal(people.place("Bo"), 1);
  people.accept(seat("Bo", "none", null));
  assert.equal(people.place("Bo"), null);
});

await test("who waits is outside, in the order of asking", () => {
  const people = room([
    person("Gus", "guest", "waiting", 9),
    person("Gil", "guest", "waiting", 7),
    person("Ada", "interviewer", "seated", 1),
  ]);
  assert.deepEqual(names(people.line), ["Gil", "Gus"]);
  assert.deepEqual(names(people.here), ["Ada"]);
  people.accept(seat("Gil", "seated", 7));
  assert.deepEqual(names(people.line), ["Gus"]);
  assert.deepEqual(names(people.inside), ["Ada", "Gil"]);
});

await test("muted, made observer, removed, and back", () => {
  const people = room([person("Bo", "interviewer", "seated", 1)]);
  const by = { id: "Ada", name: "Ada" };
  people.accept({ kind: "participant.changed", id: "Bo", role: "observer", muted: true, reason: "noise", by });
  assert.deepEqual([people.get("Bo")?.role, people.get("Bo")?.muted_reason], ["observer", "noise"]);
  people.accept({ kind: "participant.changed", id: "Bo", role: "observer", muted: false, reason: "fine", by });
  assert.deepEqual([people.get("Bo")?.muted, people.get("Bo")?.muted_reason], [false, null]);
  people.accept({ kind: "participant.removed", id: "Bo", device: "d1", reason: null, by });
  assert.deepEqual(names(people.here), ["Bo"]);
  people.accept({ kind: "participant.removed", id: "Bo", device: null, reason: null, by });
  assert.deepEqual(names(people.inside), []);
});

await test("whoever was muted is shown so when he comes back as somebody else", () => {
  const people = room([person("Ada", "interviewer", "seated", 1)]);
  const gus = { id: "Gus", name: "Gus", role: "guest", color: "#1e6be6", muted: true } as const;
  people.accept({ kind: "participant.joined", participant: gus });
  assert.deepEqual([people.get("Gus")?.muted, people.get("Gus")?.muted_reason], [true, null]);
});

await test("second devices are known until the last connection goes", () => {
  const people = room([person("Cleo", "candidate", "seated", 1)]);
  const first = { id: "b", browser: "Firefox on Linux", since_ms: 1_000 };
  const second = { id: "a", browser: "Chrome on Android", since_ms: 2_000 };
  people.accept({ kind: "participant.connected", id: "Cleo", devices: [first] });
  people.accept({ kind: "participant.devices", id: "Cleo", devices: [second, first] });
  assert.deepEqual(people.get("Cleo")?.devices, [first, second]);
  people.accept({ kind: "participant.disconnected", id: "Cleo" });
  assert.deepEqual(people.get("Cleo")?.devices, []);
});

await test("who was removed is known until he is let back in, and so is a device", () => {
  const phone = { id: "d2", browser: "Firefox on Android", since_ms: 2_000 };
  const people = room([person("Gus", "guest", "seated", 1), person("Cleo", "candidate", "seated", 2, { devices: [phone] })]);
  const by = { id: "Ada", name: "Ada" };
  people.accept({ kind: "participant.removed", id: "Gus", device: null, reason: "noise", by });
  people.accept({ kind: "participant.removed", id: "Cleo", device: "d2", reason: null, by });
  assert.deepEqual(people.removed, [
    { id: "Gus", device: null, browser: "", name: "Gus", reason: "noise", by },
    { id: "Cleo", device: "d2", browser: "Firefox on Android", name: "Cleo", reason: null, by },
  ]);
  people.accept({ kind: "participant.readmitted", id: "Cleo", device: "d2", by });
  assert.deepEqual(people.removed.map(({ name }) => name), ["Gus"]);
  people.accept({ kind: "participant.readmitted", id: "Gus", device: null, by });
  assert.deepEqual([people.removed, people.get("Gus")?.removed], [[], false]);
});

await test("the lobby can be switched until somebody is let in or the interview runs", () => {
  const details = { kind: "interview.changed", title: "", instructions: "", meeting_url: null } as const;
  const people = room([], { status: "pending", opened: true });
  assert.deepEqual([people.lobbySwitch, people.closed], [false, false]);
  people.accept({ ...details, lobby: true, opened: false });
  assert.deepEqual([people.lobbySwitch, people.closed], [true, true]);
  people.accept({ kind: "interview.opened", by: { id: "a", name: "Ada" } });
  assert.deepEqual([people.lobbySwitch, people.closed], [null, false]);
  assert.equal(room([], { status: "active", opened: true }).lobbySwitch, null);
});

await test("a message is kept once, also when the stream gives it again", () => {
  const people = room([], { lobby: true });
  assert.ok(people.closed);
  people.accept({ kind: "interview.opened", by: { id: "a", name: "Ada" } });
  assert.ok(!people.closed);
  const chat = { kind: "chat", entry: 4, at_ms: 10, from: { id: "a", name: "Ada" }, text: "Hi", to: "all" } as const;
  people.accept(chat);
  people.accept(chat);
  assert.equal(people.messages.length, 1);
});

await test("a finish that is learnt late makes nobody go or come", () => {
  const here = person("Ada", "interviewer", "seated", 1);
  const gone = person("Gus", "guest", null, 2, { connected: false });
  const people = room([here, gone]);
  const after = room([{ ...here, connected: false }, gone], { status: "finished" });
  assert.deepEqual(names(after.here), ["Ada", "Gus"]);
  room([{ ...here, connected: false }, gone], { status: "finished" }, people);
  assert.deepEqual(names(people.here), ["Ada"]);
});
