import * as Y from "yjs";

/** The lines of a text in which one of these clients has written something at or after its clock. */
export function linesSince(text: Y.Text, clocks: ReadonlyMap<number, number>): string {
  const lines: string[] = [];
  let line = "";
  let isFresh = false;
  const end = (): void => {
    if (isFresh) lines.push(line);
    line = "";
    isFresh = false;
  };
  const add = (words: string, fresh: boolean): void => {
    words.split("\n").forEach((part, at) => {
      if (at > 0) end();
      line += part;
      isFresh ||= fresh && part !== "";
    });
  };
  for (let item = text._start; item !== null; item = item.right) {
    if (item.deleted || !(item.content instanceof Y.ContentString)) continue;
    const { str } = item.content;
    // An item goes on as long as one types: part of it may be older.
    const clock = clocks.get(item.id.client);
    const old = clock === undefined ? str.length : Math.max(0, clock - item.id.clock);
    add(str.slice(0, old), false);
    add(str.slice(old), true);
  }
  end();
  return lines.join("\n");
}
