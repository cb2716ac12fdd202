import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as awarenessProtocol from "y-protocols/awareness";
import * as syncProtocol from "y-protocols/sync";
import * as Y from "yjs";
import { CLOSE_CODES, isFinal } from "./close_codes";
import { Unsaved, type Changes, type SavedState } from "./unsaved";

const MESSAGE = { SYNC: 0, AWARENESS: 1, DENIAL: 2, QUERY_AWARENESS: 3, ACKNOWLEDGEMENT: 8 } as const;

/** The server says something at least every 20 s. */
const SILENCE_MS = 45_000;
const PROBE_MS = 4_000;
const HANDSHAKE_MS = 15_000;
const STALE_MS = 2_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 3_000;
/** A server that restarts is away for a second or two. */
const RESTART_RETRY_MS = 500;
/** A server that comes back does not meet everybody at once. */
const SPREAD_MS = 1_000;
/** For so long the server refuses the handshake of whom it has closed for it. */
const RATE_RETRY_MS = 10_000;
const FRAME_MS = 16;

/** The browser's own code for a connection that went without a word, or was refused in the handshake. */
const ABNORMAL = 1006;

/** The origin of what was kept of a document and is taken in again. */
export const RESTORED = Symbol("restored");

/** The part of a WebSocket that is used. */
export type Socket = Pick<WebSocket, "binaryType" | "onopen" | "onmessage" | "onclose" | "send" | "close">;

/** What a provider needs of the world; tests bring their own. */
export interface Transport {
  open(url: string): Socket;
  now(): number;
  random(): number;
  /** Calls once after `ms`; the answer cancels. */
  after(ms: number, call: () => void): () => void;
}

export type ConnectionState =
  /** `code`: with which the server closed the last connection; 0 when it just went. */
  | { kind: "connecting"; failures: number; code: number }
  | { kind: "synchronised" }
  | { kind: "offline"; failures: number; code: number }
  | { kind: "refused"; code: number; reason: string }
  | { kind: "finished" }
  | { kind: "stopped" };

export interface Watcher {
  onConnection(state: ConnectionState): void;
  onSaved(state: SavedState): void;
  /** Nothing of this document may be kept: the server refused a write, or what it sent could not be applied. */
  onSpoilt(reason: string): void;
}

/**
 * Keeps one Yjs document in step with the server over y-websocket's protocol with acknowledgements.
 *
 * Safety: local updates are sent only after the server's first step 1 of a connection was answered, so the step 2
 * carries everything made before it and no update can arrive with a gap of our making.
 * Liveness: every way a connection can end leads to `drop` (and a retry) or to `refuse` (and a word to the page).
 */
export class Provider {
  readonly awareness: awarenessProtocol.Awareness;
  private socket: Socket | null = null;
  private url: string | null = null;
  private state: ConnectionState = { kind: "stopped" };
  private readonly unsaved: Unsaved;
  private inStep = false;
  private received = false;
  private opened = false;
  private failures = 0;
  private lastCode = 0;
  private heardAt = 0;
  private appliedAt = -Infinity;
  private readonly backlog: decoding.Decoder[] = [];
  private cancelRetry: () => void = () => undefined;
  private cancelWatch: () => void = () => undefined;
  private cancelApply: () => void = () => undefined;

  constructor(
    readonly document: Y.Doc,
    private readonly transport: Transport,
    private readonly watcher: Watcher,
  ) {
    this.awareness = new awarenessProtocol.Awareness(document);
    this.unsaved = new Unsaved(
      () => transport.now(),
      (state) => {
        watcher.onSaved(state);
      },
    );
    document.on("update", this.onLocalUpdate);
    this.awareness.on("update", this.onLocalAwareness);
  }

  get connection(): ConnectionState {
    return this.state;
  }

  get saved(): SavedState {
    return this.unsaved.state;
  }

  /** What the server has not said to be durable. */
  get changes(): Changes {
    return this.unsaved.changes;
  }

  /**
   * Takes in what was kept of this document: `state`, and in it the changes that the server has not got. They go with
   * the next step 2, so whoever is connected connects again.
   */
  restore(state: Uint8Array, changes: Changes): void {
    Y.applyUpdate(this.document, state, RESTORED);
    if (changes.count === 0) return;
    if (this.inStep) this.open();
    this.unsaved.keep(changes);
  }

  /** The server cannot take now what it lacks: all of that is unsaved, until a later step 2 has brought it. */
  withhold(): void {
    const count = this.changes.count === 0 ? 1 : 0;
    this.unsaved.keep({ count, updates: [Y.encodeStateAsUpdate(this.document)] });
  }

  connect(url: string): void {
    this.url = url;
    this.failures = this.lastCode = 0;
    this.open();
  }

  /** The network may be back: do not wait for the retry. */
  wake(): void {
    const waited = this.transport.now() - this.heardAt;
    if (this.state.kind === "offline" || (this.state.kind === "connecting" && waited > STALE_MS)) this.open();
    else this.probe();
  }

  /** Something suggests that the connection is dead: ask for an answer now instead of waiting for the silence. */
  probe(within_ms = PROBE_MS): void {
    if (this.socket === null || !this.opened) return;
    const asked = this.transport.now();
    this.sendStep1();
    this.cancelWatch();
    this.cancelWatch = this.transport.after(within_ms, () => {
      if (this.heardAt < asked) this.drop(0);
      else this.watch();
    });
  }

  /** Stays away until the next `connect`; the document is kept. */
  stop(): void {
    this.end({ kind: "stopped" });
  }

  /** Ends for good; the document and the awareness are destroyed with it. */
  destroy(): void {
    this.document.off("update", this.onLocalUpdate);
    this.awareness.off("update", this.onLocalAwareness);
    this.stop();
    this.awareness.destroy();
    this.document.destroy();
  }

  private open(): void {
    if (this.url === null) return;
    this.detach({ kind: "connecting", failures: this.failures, code: this.lastCode });
    const socket = this.transport.open(this.url);
    this.socket = socket;
    this.heardAt = this.transport.now();
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.opened = true;
      this.heard();
      this.sendStep1();
      this.sendAwareness();
    };
    socket.onmessage = (message) => {
      this.heard();
      if (message.data instanceof ArrayBuffer) this.accept(new Uint8Array(message.data));
    };
    socket.onclose = (close) => {
      this.closed(close.code, close.reason);
    };
    this.cancelWatch = this.transport.after(HANDSHAKE_MS, () => {
      if (this.opened) this.watch();
      else this.drop(0);
    });
  }

  private accept(frame: Uint8Array): void {
    const decoder = decoding.createDecoder(frame);
    const kind = decoding.readVarUint(decoder);
    switch (kind) {
      case MESSAGE.SYNC:
        this.acceptSync(decoder);
        break;
      case MESSAGE.AWARENESS:
        this.acceptAwareness(decoding.readVarUint8Array(decoder));
        break;
      case MESSAGE.QUERY_AWARENESS:
        this.sendAwareness();
        break;
      case MESSAGE.DENIAL:
        decoding.readVarUint(decoder);
        this.watcher.onSpoilt(decoding.readVarString(decoder));
        break;
      case MESSAGE.ACKNOWLEDGEMENT:
        this.unsaved.acknowledge(decoding.readVarUint(decoder));
        break;
    }
  }

  /** Our own entry can come back after a quick reconnect; what we say of ourselves stands. */
  private acceptAwareness(update: Uint8Array): void {
    const own = this.awareness.getLocalState();
    awarenessProtocol.applyAwarenessUpdate(this.awareness, update, this);
    if (this.awareness.getLocalState() !== own) this.awareness.setLocalState(own);
  }

  /** An editor looks over its whole text for every change: what comes faster than it is shown is applied at once. */
  private acceptUpdate(decoder: decoding.Decoder): void {
    this.backlog.push(decoder);
    const left = FRAME_MS - (this.transport.now() - this.appliedAt);
    if (left <= 0) this.applyBacklog();
    else if (this.backlog.length === 1) {
      this.cancelApply = this.transport.after(left, () => {
        this.applyBacklog();
      });
    }
  }

  private applyBacklog(): void {
    this.cancelApply();
    const backlog = this.backlog.splice(0);
    this.appliedAt = this.transport.now();
    const failures: string[] = [];
    this.document.transact(() => {
      for (const decoder of backlog) failures.push(...this.applySync(decoder));
    }, this);
    this.judge(failures);
  }

  private acceptSync(decoder: decoding.Decoder): void {
    if (decoding.peekVarUint(decoder) === syncProtocol.messageYjsUpdate) {
      this.acceptUpdate(decoder);
      return;
    }
    if (this.backlog.length > 0) this.applyBacklog();
    this.judge(this.applySync(decoder));
  }

  /** What could not be applied, in words. */
  private applySync(decoder: decoding.Decoder): string[] {
    const reply = encoding.createEncoder();
    encoding.writeVarUint(reply, MESSAGE.SYNC);
    const failures: string[] = [];
    const kind = syncProtocol.readSyncMessage(decoder, reply, this.document, this, (error) => {
      failures.push(error.message);
    });
    if (kind === syncProtocol.messageYjsSyncStep1) {
      this.inStep = true;
      this.unsaved.sendAll();
      this.send(reply);
    } else if (kind === syncProtocol.messageYjsSyncStep2) {
      this.received = true;
    }
    return failures;
  }

  private judge([failure]: string[]): void {
    if (failure !== undefined) this.watcher.onSpoilt(failure);
    else if (this.inStep && this.received && this.state.kind === "connecting") {
      this.failures = this.lastCode = 0;
      this.state = { kind: "synchronised" };
      this.watcher.onConnection(this.state);
    }
  }

  private readonly onLocalUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === this || origin === RESTORED) return;
    if (!this.inStep) {
      this.unsaved.keep({ count: 1, updates: [update] });
      return;
    }
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, MESSAGE.SYNC);
    syncProtocol.writeUpdate(encoder, update);
    this.unsaved.send(update);
    this.send(encoder);
  };

  private readonly onLocalAwareness = (_change: unknown, origin: unknown): void => {
    if (origin === "local" && this.opened) this.sendAwareness();
  };

  private sendStep1(): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, MESSAGE.SYNC);
    syncProtocol.writeSyncStep1(encoder, this.document);
    this.send(encoder);
  }

  private sendAwareness(): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, MESSAGE.AWARENESS);
    const own = awarenessProtocol.encodeAwarenessUpdate(this.awareness, [this.document.clientID]);
    encoding.writeVarUint8Array(encoder, own);
    this.send(encoder);
  }

  private send(encoder: encoding.Encoder): void {
    this.socket?.send(encoding.toUint8Array(encoder));
  }

  private heard(): void {
    this.heardAt = this.transport.now();
  }

  /** By the clock and not by the timer alone: a background tab's timers run late. */
  private watch(): void {
    this.cancelWatch();
    const left = SILENCE_MS - (this.transport.now() - this.heardAt);
    if (left <= 0) this.drop(0);
    else {
      this.cancelWatch = this.transport.after(left, () => {
        this.watch();
      });
    }
  }

  private closed(code: number, reason: string): void {
    if (code !== ABNORMAL) this.lastCode = code;
    if (code === CLOSE_CODES.FINISHED) this.end({ kind: "finished" });
    else if (isFinal(code)) this.end({ kind: "refused", code, reason });
    else this.drop(code === CLOSE_CODES.RATE ? RATE_RETRY_MS : 0);
  }

  private drop(leastDelay: number): void {
    const grown = FIRST_RETRY_MS * 2 ** Math.min(this.failures, 10);
    const least = Math.min(grown, this.lastCode === CLOSE_CODES.RESTART ? RESTART_RETRY_MS : LAST_RETRY_MS);
    const delay = Math.min(LAST_RETRY_MS, least + SPREAD_MS * (1 - this.transport.random()));
    this.failures += 1;
    this.detach({ kind: "offline", failures: this.failures, code: this.lastCode });
    this.cancelRetry = this.transport.after(leastDelay + delay, () => {
      this.open();
    });
  }

  private end(state: ConnectionState): void {
    this.url = null;
    this.detach(state);
  }

  /** Into a state without a connection, before anybody hears that what was sent is unsaved again. */
  private detach(state: ConnectionState): void {
    this.state = state;
    this.cancelRetry();
    this.cancelWatch();
    const socket = this.socket;
    this.socket = null;
    if (this.backlog.length > 0) this.applyBacklog();
    this.opened = this.inStep = this.received = false;
    if (socket !== null) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.unsaved.disconnected();
    const others = [...this.awareness.getStates().keys()].filter((id) => id !== this.document.clientID);
    awarenessProtocol.removeAwarenessStates(this.awareness, others, this);
    this.watcher.onConnection(state);
  }
}
