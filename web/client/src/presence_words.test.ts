import assert from "node:assert/strict";
import { test } from "node:test";
import { person, room } from "./fake_room";
import { listed, presenceWords, typingWords, waitingWords } from "./presence_words";

const ada = person("Ada", "interviewer", "seated", 1);
const bo = person("Bo", "interviewer", "observing", 2);
const cleo = person("Cleo", "candidate", "seated", 3);
const gus = person("Gus", "guest", "waiting", 4);

await test("the candidate reads who is here and what happens next", () => {
  const words = (...people: (typeof ada)[]): string => presenceWords(room([cleo, ...people]), "Cleo", null);
  assert.equal(words(ada), "Ada is here.");
  assert.match(words({ ...ada, connected: false }), /^No interviewer is here right now\. .*nothing is lost/);
  assert.match(presenceWords(room([cleo], { status: "pending" }), "Cleo", null), /^No interviewer is here yet/);
  assert.equal(presenceWords(room([cleo], { status: "finished" }), "Cleo", null), "This interview is finished.");
});

await test("interviewers read who is missing, and who waits outside", () => {
  assert.equal(presenceWords(room([ada, cleo]), "Ada", null), "Cleo is here.");
  assert.match(presenceWords(room([ada]), "Ada", null), /^The candidate has not come in yet/);
  assert.match(presenceWords(room([ada, { ...cleo, connected: false }]), "Ada", null), /^Cleo, the candidate, is away/);
  assert.match(presenceWords(room([ada, cleo, gus]), "Ada", null), /^Gus waits outside\. Cleo is here\.$/);
  const waiting = { ...cleo, state: "waiting", connected: false } as const;
  const lobby = { lobby: true, status: "pending" } as const;
  assert.match(presenceWords(room([ada, waiting], lobby), "Ada", null), /^Cleo waits outside\. Nobody outside sees/);
});

await test("over the limit one is told why, and one's number", () => {
  assert.equal(
    presenceWords(room([ada, bo]), "Bo", "The room has its 3 interviewers."),
    "You are observing: the room has its 3 interviewers. You are number 1 for a seat.",
  );
  const eve = person("Eve", "observer", "observing", 5);
  assert.equal(presenceWords(room([ada, eve]), "Eve", null), "You are observing. Ada is here.");
  assert.match(waitingWords(1), /^You are the next one in\./);
  assert.match(waitingWords(4), /^This page opens the room by itself/);
  assert.match(waitingWords(null), /by itself/);
});

await test("typing, and names in a row", () => {
  assert.equal(typingWords(room([ada, cleo]), new Set(["Cleo"])), "Cleo is typing…");
  assert.equal(typingWords(room([ada, cleo]), new Set(["Cleo", "Ada"])), "Cleo and Ada are typing…");
  assert.equal(typingWords(room([ada, cleo]), new Set(["Gus"])), "");
  assert.equal(listed(["a", "b", "c", "d"]), "a, b and 2 others");
  const long = person("W".repeat(80), "guest", "waiting", 9);
  assert.match(presenceWords(room([ada, cleo, long]), "Ada", null), /^W{23}… waits outside\. Cleo is here\.$/);
});
