import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import * as Y from "yjs";
import { randomWord } from "./random";
import type { Changes } from "./unsaved";

const DATABASE = "panelroom";
const VERSION = 1;
/** What nobody has come back to. */
const OLD_MS = 7 * 24 * 3_600_000;
/** What the server has is needed only to read on while it is away: no hurry. */
const LAZY_MS = 500;
/** Storage that is slower than this is not relied upon. */
const SLOW_MS = 2_000;
const RETRY_MS = 5_000;
const MOST_UPDATES = 300;

interface Schema extends DBSchema {
  /** Everything that was in a document, from whichever tab: updates add up in any order, however often. */
  updates: { key: number; value: { of: string; update: Uint8Array; at_ms: number }; indexes: { of: string; at_ms: number } };
  /** What the server has not acknowledged, a row for each tab. */
  unsaved: {
    key: [string, string];
    value: { of: string; tab: string; count: number; update: Uint8Array; at_ms: number };
    indexes: { at_ms: number };
  };
}

export interface Kept {
  /** The whole document. */
  state: Uint8Array;
  /** What of it the server has not acknowledged. */
  changes: Changes;
}

/** This load of this page. */
const TAB = randomWord();
let opening: Promise<IDBPDatabase<Schema>> | null = null;

/**
 * One document as it is for one participant, in this browser, so that a reload or a crash of the tab loses nothing.
 *
 * Safety: updates and what of them is unsaved are written in one transaction, in the order in which they were made, so
 * what is found again builds on nothing that is missing. Nobody else's row of what is unsaved is touched but by `take`,
 * which passes all of them on to one tab: sent twice they count once.
 * Liveness: nothing waits for storage; where it fails, `isReliable` says so, and it is tried again.
 */
export class Draft {
  private readonly of: string;
  private queue: Uint8Array[] = [];
  private changes: Changes = { count: 0, updates: [] };
  private isStale = false;
  private isWriting = false;
  private isClosed = false;
  private isCleared = false;
  private written = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private due = Infinity;
  private reliable = true;

  constructor(
    participant: string,
    document: string,
    private readonly onReliable: () => void = () => undefined,
    private readonly tab = TAB,
  ) {
    this.of = `${document}/${participant}`;
  }

  /** Whether what is not saved would be found again. */
  get isReliable(): boolean {
    return this.reliable;
  }

  add(update: Uint8Array): void {
    if (this.isClosed) return;
    this.queue.push(update);
    this.writeLater(LAZY_MS);
  }

  /** What is unsaved now, all of it. More of it is written at once. */
  setUnsaved(changes: Changes): void {
    if (this.isClosed || (changes.count === 0 && this.changes.count === 0)) return;
    const isMore = changes.count >= this.changes.count && changes.count > 0;
    this.changes = changes;
    this.isStale = true;
    this.writeLater(isMore ? 0 : LAZY_MS);
  }

  /** The page may be gone the next moment. */
  flush(): void {
    if (this.queue.length > 0 || this.isStale) void this.write();
  }

  /** What is kept; what other tabs had not saved is this one's from now on. Null: nothing, or storage is closed. */
  async take(): Promise<Kept | null> {
    try {
      const transaction = (await open()).transaction(["updates", "unsaved"], "readwrite");
      const [updates, unsaved] = [transaction.objectStore("updates"), transaction.objectStore("unsaved")];
      const keys = await updates.index("of").getAllKeys(this.of);
      const rows = await updates.index("of").getAll(this.of);
      const waiting = await unsaved.getAll(tabsOf(this.of));
      // What is unsaved is honoured alone too: the rest of the document comes from the server.
      if (rows.length + waiting.length === 0) return null;
      const pending = waiting.map(({ update }) => update);
      const state = Y.mergeUpdates([...rows.map(({ update }) => update), ...pending]);
      const count = waiting.reduce((sum, row) => sum + row.count, 0);
      const update = count === 0 ? new Uint8Array() : Y.mergeUpdates(pending);
      const at_ms = Date.now();
      await Promise.all([
        ...keys.map((key) => updates.delete(key)),
        updates.add({ of: this.of, update: state, at_ms }),
        unsaved.delete(tabsOf(this.of)),
        ...(count === 0 ? [] : [unsaved.put({ of: this.of, tab: this.tab, count, update, at_ms })]),
        transaction.done,
      ]);
      return { state, changes: { count, updates: count === 0 ? [] : [update] } };
    } catch {
      this.setReliable(false);
      return null;
    }
  }

  /** What `take` would find, left where it is. */
  async peek(): Promise<Kept | null> {
    try {
      const transaction = (await open()).transaction(["updates", "unsaved"]);
      const rows = await transaction.objectStore("updates").index("of").getAll(this.of);
      const waiting = await transaction.objectStore("unsaved").getAll(tabsOf(this.of));
      if (rows.length + waiting.length === 0) return null;
      const updates = waiting.map(({ update }) => update);
      const count = waiting.reduce((sum, row) => sum + row.count, 0);
      return { state: Y.mergeUpdates([...rows.map(({ update }) => update), ...updates]), changes: { count, updates } };
    } catch {
      return null;
    }
  }

  /** Resolves once all that it was given is written, or could not be. */
  async flushed(): Promise<void> {
    await this.write();
  }

  /** Keeps what it has, and takes nothing more. */
  close(): void {
    this.flush();
    this.isClosed = true;
  }

  /** Nothing is kept of it any more, nor from now on. */
  async clear(): Promise<void> {
    this.isClosed = this.isCleared = true;
    this.queue = [];
    clearTimeout(this.timer);
    try {
      const transaction = (await open()).transaction(["updates", "unsaved"], "readwrite");
      const updates = transaction.objectStore("updates");
      const keys = await updates.index("of").getAllKeys(this.of);
      await Promise.all([
        ...keys.map((key) => updates.delete(key)),
        transaction.objectStore("unsaved").delete(tabsOf(this.of)),
        transaction.done,
      ]);
    } catch {
      return;
    }
  }

  private writeLater(ms: number): void {
    const due = performance.now() + ms;
    if (due >= this.due) return;
    this.due = due;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.due = Infinity;
      void this.write();
    }, ms);
  }

  private async write(): Promise<void> {
    if (this.isWriting || this.isCleared) return;
    this.isWriting = true;
    clearTimeout(this.timer);
    this.due = Infinity;
    const queue = this.queue.splice(0);
    const { count, updates } = this.changes;
    const isStale = this.isStale;
    this.isStale = false;
    const slow = setTimeout(() => {
      this.setReliable(false);
    }, SLOW_MS);
    try {
      const transaction = (await open()).transaction(["updates", "unsaved"], "readwrite");
      const [rows, unsaved] = [transaction.objectStore("updates"), transaction.objectStore("unsaved")];
      const at_ms = Date.now();
      const row = { of: this.of, tab: this.tab, count, at_ms };
      const done: Promise<unknown>[] = [transaction.done];
      if (queue.length > 0) done.push(rows.add({ of: this.of, update: Y.mergeUpdates(queue), at_ms }));
      if (isStale && count === 0) done.push(unsaved.delete([this.of, this.tab]));
      if (isStale && count > 0) done.push(unsaved.put({ ...row, update: Y.mergeUpdates(updates) }));
      // A page that is going does not hear of its requests any more, and a transaction that waits for it is undone.
      transaction.commit();
      await Promise.all(done);
      this.setReliable(true);
      this.written += 1;
      if (this.written % MOST_UPDATES === 0) await this.compact();
    } catch {
      this.queue.unshift(...queue);
      this.isStale ||= isStale;
      this.setReliable(false);
      close();
      this.isWriting = false;
      this.writeLater(RETRY_MS);
      return;
    } finally {
      clearTimeout(slow);
    }
    this.isWriting = false;
    this.flush();
  }

  private async compact(): Promise<void> {
    const transaction = (await open()).transaction("updates", "readwrite");
    const keys = await transaction.store.index("of").getAllKeys(this.of);
    const rows = await transaction.store.index("of").getAll(this.of);
    if (rows.length > 1) {
      const update = Y.mergeUpdates(rows.map((row) => row.update));
      await Promise.all([
        ...keys.map((key) => transaction.store.delete(key)),
        transaction.store.add({ of: this.of, update, at_ms: Date.now() }),
      ]);
    }
    await transaction.done;
  }

  private setReliable(isReliable: boolean): void {
    if (isReliable === this.reliable) return;
    this.reliable = isReliable;
    this.onReliable();
  }
}

/** Throws where storage is closed to pages; then it is tried again the next time. */
function open(): Promise<IDBPDatabase<Schema>> {
  opening ??= openDB<Schema>(DATABASE, VERSION, {
    upgrade(database) {
      const updates = database.createObjectStore("updates", { autoIncrement: true });
      updates.createIndex("of", "of");
      updates.createIndex("at_ms", "at_ms");
      database.createObjectStore("unsaved", { keyPath: ["of", "tab"] }).createIndex("at_ms", "at_ms");
    },
    blocking: close,
    terminated: close,
  })
    .then(sweep)
    .catch((error: unknown) => {
      opening = null;
      throw error;
    });
  return opening;
}

function close(): void {
  void opening?.then((database) => {
    database.close();
  });
  opening = null;
}

async function sweep(database: IDBPDatabase<Schema>): Promise<IDBPDatabase<Schema>> {
  const old = IDBKeyRange.upperBound(Date.now() - OLD_MS);
  const transaction = database.transaction(["updates", "unsaved"], "readwrite");
  for (const name of ["updates", "unsaved"] as const) {
    let cursor = await transaction.objectStore(name).index("at_ms").openCursor(old);
    while (cursor !== null) {
      await cursor.delete();
      cursor = await cursor.continue();
    }
  }
  await transaction.done;
  return database;
}

/**
 * Of what may not be sent any more: kept to be read and copied until it is put away. What is put into it once more adds
 * up, as of another tab.
 */
export function asideOf(participant: string, document: string): Draft {
  return new Draft(`${participant}/aside`, document, undefined, randomWord());
}

function tabsOf(of: string): IDBKeyRange {
  return IDBKeyRange.bound([of], [of, []]);
}
