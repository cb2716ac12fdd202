import assert from "node:assert/strict";
import { test } from "node:test";
import * as Y from "yjs";
import {
  cleanName,
  fileOf,
  freshId,
  languageByName,
  MOST_FILES,
  MOST_NAME,
  nameIn,
  nameProblem,
  readFiles,
  rootOf,
} from "./file";

await test("the first file is there before anybody has said anything of it", () => {
  const map = new Y.Doc().getMap("files");
  assert.deepEqual(readFiles(map, "python"), [{ id: "source", name: "main.py", language: "python" }]);
});

await test("files come by id after the first, whatever the map holds", () => {
  const map = new Y.Doc().getMap("files");
  const entries = { b: { name: "b.py", language: "python" }, a: null, c: "text", d: { name: 1 }, e: ["x"] };
  for (const [id, entry] of Object.entries(entries)) map.set(id, entry);
  const files = readFiles(map, "go");
  assert.deepEqual(
    files.map(({ id, name }) => `${id} ${name}`),
    ["source main.go", "a untitled", "b b.py", "c untitled (2)", "d untitled (3)", "e untitled (4)"],
  );
});

await test("no two names are alike, by case or composition", () => {
  const map = new Y.Doc().getMap("files");
  map.set("a", { name: "Main.PY", language: "python" });
  map.set("b", { name: "cafe\u0301.md", language: "markdown" });
  map.set("c", { name: "caf\u00e9.md", language: "markdown" });
  const names = readFiles(map, "python").map(({ name }) => name);
  assert.deepEqual(names, ["main.py", "Main (2).PY", "cafe\u0301.md", "caf\u00e9 (2).md"]);
});

await test("a name is one line without what cannot be seen", () => {
  assert.equal(cleanName("  a\n\tb\u0000\u202e\u2066.py \r\n"), "a b.py");
  assert.equal(cleanName("<img src=x onerror=alert(1)>"), "<img src=x onerror=alert(1)>");
  assert.equal(cleanName("שלום.py"), "שלום.py");
  assert.equal(cleanName("👩‍💻 notes.md"), "👩‍💻 notes.md");
  assert.equal(cleanName("\ud800x"), "x");
  assert.equal(Array.from(cleanName("😀".repeat(10_000))).length, MOST_NAME);
  assert.equal(cleanName("\u202e\u200b"), "");
});

await test("why a name cannot be given", () => {
  assert.equal(nameProblem("helper.py", ["main.py"]), null);
  assert.match(nameProblem(" \u200b", []) ?? "", /Give the file a name/);
  assert.match(nameProblem("MAIN.py", ["main.py"]) ?? "", /already/);
  assert.match(nameProblem("x".repeat(MOST_NAME + 1), []) ?? "", /at most/);
});

await test("the ending of a name tells its language, and goes along with it", () => {
  assert.equal(languageByName("a.b.RS"), "rust");
  assert.equal(languageByName("types.d.tsx"), "typescript");
  assert.equal(languageByName("Makefile"), null);
  assert.equal(languageByName(".py"), null);
  assert.equal(nameIn("java", { name: "main.py", language: "python" }), "Main.java");
  assert.equal(nameIn("javascript", { name: "helper.py", language: "python" }), "helper.js");
  assert.equal(nameIn("javascript", { name: "Makefile", language: "text" }), "Makefile");
  assert.equal(nameIn("go", { name: "data.json", language: "python" }), "data.json");
});

await test("a root tells its file and a file its root", () => {
  for (const id of ["source", "a", "x/y"]) assert.equal(fileOf(rootOf(id)), id);
  assert.equal(fileOf("files"), null);
});

await test("ids sort by time; a room takes 64 further ones in its life, then those of deleted files again", () => {
  const document = new Y.Doc();
  const map = document.getMap("files");
  const ids = Array.from({ length: MOST_FILES }, (_, at) => {
    const id = freshId(document, 1_700_000_000_000 + at) ?? assert.fail();
    map.set(id, { name: `${at}.py`, language: "python" });
    return id;
  });
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(new Set(ids).size, MOST_FILES);
  assert.equal(freshId(document, 1_800_000_000_000), null);
  map.delete(ids[7] ?? "");
  assert.equal(freshId(document, 1_800_000_000_000), ids[7]);
});
