import * as Y from "yjs";

export type SavedState =
  | { kind: "saved" }
  /** `since`: when the oldest frame that is not acknowledged was sent. */
  | { kind: "saving"; changes: number; since: number }
  | { kind: "offline"; changes: number };

/** Changes in the order in which they were made. `updates` may be merged: they are fewer then. */
export interface Changes {
  count: number;
  updates: Uint8Array[];
}

const NONE: Changes = { count: 0, updates: [] };
/** More than so many are merged, so that hours offline do not make every key slower than the one before. */
const MOST_UPDATES = 50;

/**
 * What the server has not yet said to be durable: changes made while no connection was in step, and the frames of this
 * connection that are not acknowledged. A connection that ends gives its changes back.
 */
export class Unsaved {
  private kept = NONE;
  private sent: { changes: Changes; at: number }[] = [];
  private acknowledged = 0;
  private inStep = false;

  constructor(
    private readonly now: () => number,
    private readonly onChange: (state: SavedState) => void,
  ) {}

  get state(): SavedState {
    const count = this.kept.count + this.sent.reduce((sum, { changes }) => sum + changes.count, 0);
    const [oldest] = this.sent;
    if (!this.inStep) return count === 0 ? { kind: "saved" } : { kind: "offline", changes: count };
    return oldest === undefined ? { kind: "saved" } : { kind: "saving", changes: count, since: oldest.at };
  }

  get changes(): Changes {
    return together([...this.sent.map(({ changes }) => changes), this.kept]);
  }

  /** Changes that no frame carries yet. */
  keep(changes: Changes): void {
    this.kept = together([this.kept, changes]);
    this.onChange(this.state);
  }

  /** A frame with one change. */
  send(update: Uint8Array): void {
    this.sent.push({ changes: { count: 1, updates: [update] }, at: this.now() });
    this.onChange(this.state);
  }

  /** A step 2, which carries every change kept so far. */
  sendAll(): void {
    this.inStep = true;
    this.sent.push({ changes: this.kept, at: this.now() });
    this.kept = NONE;
    this.onChange(this.state);
  }

  /** `count`: how many frames of this connection are durable, from the first. */
  acknowledge(count: number): void {
    this.sent.splice(0, count - this.acknowledged);
    this.acknowledged = Math.max(this.acknowledged, count);
    this.onChange(this.state);
  }

  disconnected(): void {
    this.kept = this.changes;
    this.sent = [];
    this.acknowledged = 0;
    this.inStep = false;
    this.onChange(this.state);
  }
}

function together(all: Changes[]): Changes {
  const count = all.reduce((sum, each) => sum + each.count, 0);
  const updates = all.flatMap((each) => each.updates);
  return { count, updates: updates.length > MOST_UPDATES ? [Y.mergeUpdates(updates)] : updates };
}
