import type { Awareness } from "y-protocols/awareness";
import type * as Y from "yjs";

/** Nobody is typing who has not written anything for so long. */
const PAUSE_MS = 2_500;

/** Who is typing, by the ids of participants. */
export class Typing {
  private readonly timers = new Map<string, number>();

  constructor(private readonly onChange: (participants: ReadonlySet<string>) => void) {}

  get now(): ReadonlySet<string> {
    return new Set(this.timers.keys());
  }

  saw(participant: string): void {
    const timer = this.timers.get(participant);
    window.clearTimeout(timer);
    this.timers.set(
      participant,
      window.setTimeout(() => {
        this.timers.delete(participant);
        this.onChange(this.now);
      }, PAUSE_MS),
    );
    if (timer === undefined) this.onChange(this.now);
  }

  end(): void {
    for (const timer of this.timers.values()) window.clearTimeout(timer);
    this.timers.clear();
  }
}

/** The participants who have written something in this transaction, as far as their carets say who they are. */
export function writersOf({ beforeState, afterState }: Y.Transaction, awareness: Awareness): string[] {
  const clients = [...afterState].filter(([client, clock]) => clock > (beforeState.get(client) ?? 0));
  return clients.flatMap(([client]) => participantOf(awareness.getStates().get(client)) ?? []);
}

/** As the server has stamped it on an awareness state. */
export function participantOf(state: Record<string, unknown> | undefined): string | null {
  const user = state?.["user"] as { id?: unknown } | undefined;
  return typeof user?.id === "string" ? user.id : null;
}
