import type { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { safeColor } from "./color";
import { cleanName, fileOf } from "./file";
import { participantOf } from "./typing";

/** Where somebody else's caret is. */
export interface Standing {
  participant: string;
  name: string;
  color: string;
  file: string;
  at: number;
}

/** The others' carets; of somebody with several windows the one that was last anywhere. */
export class Whereabouts {
  /** Participant -> client. */
  private readonly last = new Map<string, number>();

  constructor(
    private readonly document: Y.Doc,
    private readonly awareness: Awareness,
    private readonly onChange: () => void,
  ) {
    awareness.on("change", ({ added, updated, removed }: Record<"added" | "updated" | "removed", number[]>) => {
      const others = [...added, ...updated].filter((client) => client !== awareness.clientID);
      for (const client of others) {
        const participant = participantOf(awareness.getStates().get(client));
        if (participant !== null) this.last.set(participant, client);
      }
      if (others.length > 0 || removed.length > 0) this.onChange();
    });
  }

  others(): Standing[] {
    const found = new Map<string, Standing>();
    for (const [client, state] of this.awareness.getStates()) {
      if (client === this.awareness.clientID) continue;
      const standing = this.read(state);
      if (standing === null) continue;
      if (!found.has(standing.participant) || this.last.get(standing.participant) === client) {
        found.set(standing.participant, standing);
      }
    }
    return [...found.values()];
  }

  /** As the server has stamped it, of somebody who is here, wherever his caret is. */
  nameOf(participant: string): string | null {
    for (const state of this.awareness.getStates().values()) {
      if (participantOf(state) === participant) return nameIn(state);
    }
    return null;
  }

  private read(state: Record<string, unknown>): Standing | null {
    const participant = participantOf(state);
    const { head } = (state["cursor"] ?? {}) as { head?: unknown };
    if (participant === null || head === null || head === undefined) return null;
    try {
      const relative = Y.createRelativePositionFromJSON(head);
      const absolute = Y.createAbsolutePositionFromRelativePosition(relative, this.document);
      const file = absolute === null ? null : fileOf(Y.findRootTypeKey(absolute.type));
      if (absolute === null || file === null) return null;
      const { color } = state["user"] as { color?: unknown };
      const shown = safeColor(typeof color === "string" ? color : "");
      return { participant, name: nameIn(state), color: shown, file, at: absolute.index };
    } catch {
      return null; // a position of another document
    }
  }
}

function nameIn(state: Record<string, unknown>): string {
  const { name } = (state["user"] ?? {}) as { name?: unknown };
  return (typeof name === "string" ? cleanName(name) : "") || "Somebody";
}
