import assert from "node:assert/strict";
import { test } from "node:test";
import { safePath, safePaths } from "./download";

await test("a path stays below the place where it is unpacked", () => {
  assert.equal(safePath("../../etc/passwd"), "etc/passwd");
  assert.equal(safePath("/a//./b.py"), "a/b.py");
  assert.equal(safePath("C:\\windows\\x?.txt"), "C__windows_x_.txt");
  assert.equal(safePath("..."), "untitled");
  assert.equal(safePath("con. "), "con");
  assert.equal(safePath(".gitignore"), ".gitignore");
});

await test("no file takes another's place", () => {
  assert.deepEqual(safePaths(["a?.py", "a*.py", "A_.PY"]), ["a_.py", "a_ (2).py", "A_ (3).PY"]);
  assert.deepEqual(safePaths(["lib", "lib/x.py", "LIB/x.py"]), ["lib (2)", "lib/x.py", "LIB/x (2).py"]);
});
