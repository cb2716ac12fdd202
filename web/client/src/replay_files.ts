import { fileOf, FIRST, readFiles, type RoomFile } from "./file";
import type { Player } from "./player";

interface FilesThen {
  files: readonly RoomFile[];
  /** Ids of those that are there no more. */
  deleted: ReadonlySet<string>;
}

/** The files as they were at a moment, by the names of that moment; deleted ones keep the last that they had. */
export class ReplayFiles {
  private key = "";
  private shown: FilesThen = { files: [], deleted: new Set() };
  /** Root -> when it was first written to. */
  private firstWritten: { root: string; at_ms: number }[] = [];
  private counted = 0;

  constructor(
    private readonly player: Player,
    private readonly language: string,
  ) {}

  /** The same object as long as nothing has changed. */
  at(at_ms: number): FilesThen {
    const { files, operations } = this.player.recording;
    if (this.counted !== operations.length) this.count();
    const rows = files.filter((row) => row.at_ms <= at_ms);
    const written = this.firstWritten.filter((row) => row.at_ms <= at_ms);
    const key = `${rows.length} ${written.length}`;
    if (key === this.key) return this.shown;
    this.key = key;
    const last = new Map<string, { name: string; language: string }>();
    for (const [id, file] of rows.flatMap((row) => [...row.files])) if (file !== null) last.set(id, file);
    const there = this.player.files(at_ms);
    for (const { root } of written) {
      const id = fileOf(root);
      if (id !== null && !last.has(id)) last.set(id, { name: id === FIRST ? "" : "deleted file", language: this.languageOf(id) });
    }
    const deleted = new Set([...last.keys()].filter((id) => id !== FIRST && !there.has(id)));
    this.shown = { files: readFiles(last, this.language), deleted };
    return this.shown;
  }

  private languageOf(id: string): string {
    return id === FIRST ? this.language : "text";
  }

  private count(): void {
    const { operations, roots } = this.player.recording;
    const first = new Map<number, number>();
    for (let index = 0; index < operations.length && first.size < roots.length; index += 1) {
      const root = operations.root[index] ?? 0;
      if (!first.has(root)) first.set(root, operations.at_ms[index] ?? 0);
    }
    this.firstWritten = [...first].map(([root, at_ms]) => ({ root: roots[root] ?? "", at_ms }));
    this.counted = operations.length;
  }
}
