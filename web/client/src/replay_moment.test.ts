import assert from "node:assert/strict";
import { test } from "node:test";
import { momentUrl, readMoment } from "./replay_moment";

void test("a moment is milliseconds or a clock's time", () => {
  const read = (t: string): number | null => readMoment(`?t=${encodeURIComponent(t)}`).at_ms;
  assert.equal(read("0"), 0);
  assert.equal(read("754000"), 754_000);
  assert.equal(read("12:34"), 754_000);
  assert.equal(read("1:02:03"), 3_723_000);
  assert.equal(read("72:00"), 4_320_000);
});

void test("what is no moment is ignored", () => {
  for (const t of ["", "-1", "1e3", "12:", ":12", "12:60", "1:2:03", "NaN", "9999999999", "99999999999", "0x10", "𝟙"]) {
    assert.equal(readMoment(`?t=${encodeURIComponent(t)}`).at_ms, null, t);
  }
  assert.deepEqual(readMoment(""), { at_ms: null, file: null });
});

void test("a link to a moment keeps what else the address says", () => {
  const url = momentUrl("https://a.example/i/x/replay?theme=dark&t=1&file=old#end", 12.4, "b c");
  assert.equal(url, "https://a.example/i/x/replay?theme=dark&t=12&file=b+c#end");
  assert.equal(readMoment(new URL(url).search).file, "b c");
  assert.equal(momentUrl(url, 5, null), "https://a.example/i/x/replay?theme=dark&t=5#end");
});
