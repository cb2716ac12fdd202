import assert from "node:assert/strict";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as syncProtocol from "y-protocols/sync";
import * as Y from "yjs";
import type { Socket, Transport } from "./provider";

type Frame = { kind: "step1" | "step2" | "update"; update: Uint8Array } | { kind: "awareness" };

/** A server with one document that answers when told to, and the world around a provider: sockets, time, chance. */
export class World implements Transport {
  readonly server = new Y.Doc();
  readonly opened: { url: string; socket: WebSocket; sent: Frame[]; closed: boolean }[] = [];
  time = 0;
  private timers: { at: number; call: () => void }[] = [];

  open(url: string): Socket {
    const sent: Frame[] = [];
    const line = {
      url,
      sent,
      closed: false,
      socket: {
        binaryType: "blob" as BinaryType,
        onopen: null,
        onmessage: null,
        onclose: null,
        send: (data: Uint8Array) => sent.push(readFrame(data)),
        close: () => {
          line.closed = true;
        },
      } as unknown as WebSocket,
    };
    this.opened.push(line);
    return line.socket;
  }

  now(): number {
    return this.time;
  }

  constructor(private readonly chance: () => number = () => 1) {}

  random(): number {
    return this.chance();
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.time + ms, call };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((each) => each !== timer);
    };
  }

  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((each) => each !== next);
      this.time = next.at;
      next.call();
    }
    this.time = end;
  }

  get line(): World["opened"][number] {
    const line = this.opened.at(-1);
    assert.ok(line);
    return line;
  }

  say(...bytes: number[]): void {
    this.line.socket.onmessage?.({ data: Uint8Array.from(bytes).buffer } as MessageEvent);
  }

  saySync(write: (encoder: encoding.Encoder) => void): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 0);
    write(encoder);
    this.say(...encoding.toUint8Array(encoder));
  }

  /** Opens the newest socket and goes through both halves of the synchronisation. */
  synchronise(): void {
    this.line.socket.onopen?.({} as Event);
    this.saySync((encoder) => {
      syncProtocol.writeSyncStep1(encoder, this.server);
    });
    this.saySync((encoder) => {
      syncProtocol.writeSyncStep2(encoder, this.server);
    });
    this.take();
  }

  /** The server applies everything that came on the newest socket. */
  take(): void {
    for (const frame of this.line.sent) {
      if (frame.kind === "step2" || frame.kind === "update") Y.applyUpdate(this.server, frame.update);
    }
  }

  hangUp(code: number, reason = ""): void {
    this.line.socket.onclose?.({ code, reason } as CloseEvent);
  }
}

function readFrame(data: Uint8Array): Frame {
  const decoder = decoding.createDecoder(data);
  if (decoding.readVarUint(decoder) !== 0) return { kind: "awareness" };
  const kind = (["step1", "step2", "update"] as const)[decoding.readVarUint(decoder)];
  assert.ok(kind);
  return { kind, update: decoding.readVarUint8Array(decoder) };
}
