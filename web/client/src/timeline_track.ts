import { fileOf, FIRST } from "./file";
import { h } from "./dom";
import { countUpTo } from "./operations";
import { avatar, ROLE_NAMES } from "./person";
import type { Player } from "./player";
import type { RecordedParticipant, Recording } from "./recording";
import { TYPING_MS } from "./replay_carets";
import { Activity } from "./timeline_activity";
import type { Track } from "./timeline_paint";
import { stays } from "./timeline_presence";

const ORDER = ["candidate", "interviewer", "guest", "observer"];

export interface Filter {
  who: ReadonlySet<number> | null;
  root: number | null;
}

interface Row extends Track {
  who: RecordedParticipant;
}

/** Everybody who was there or wrote, the candidate first, and what they wrote when. */
export class Tracks {
  readonly rows: readonly Row[];
  readonly activity: Activity;
  /** What is not dimmed. */
  lit: Activity;
  private readonly sources: ConstructorParameters<typeof Activity>[0];

  constructor(
    private readonly player: Player,
    notes: Player | null,
  ) {
    const { recording } = player;
    const recordings = notes === null ? [recording] : [recording, notes.recording];
    const there = stays(recording.events, player.end_ms);
    const wrote = new Set(recordings.flatMap(writersOf));
    const people = recordings.flatMap(({ participants }) => participants);
    const known = [...new Map(people.map((who) => [who.id, who])).values()];
    const shown = known.filter(({ id }) => wrote.has(id) || there.has(id));
    const inOrder = (shown.length > 0 ? shown : known).sort((a, b) => orderOf(a) - orderOf(b));
    this.rows = inOrder.map((who) => ({ who, color: who.color, stays: there.get(who.id) ?? [], dim: false }));
    const rowOf = new Map(inOrder.map(({ id }, row) => [id, row]));
    this.sources = recordings.map(({ operations, participants }) => ({
      written: operations,
      trackOf: participants.map(({ id }) => rowOf.get(id) ?? -1),
    }));
    this.lit = this.activity = new Activity(this.sources, this.rows.length);
  }

  light({ who, root }: Filter): void {
    const lit = who === null ? null : new Set([...who].map((each) => this.player.recording.participants[each]?.id));
    for (const row of this.rows) row.dim = lit !== null && !lit.has(row.who.id);
    this.lit = root === null ? this.activity : new Activity(this.sources, this.rows.length, root);
  }

  /** The names beside the tracks; those who look at the list of people hear it there. */
  gutter(): HTMLElement[] {
    return this.rows.map(({ who, dim }) => {
      const role = (ROLE_NAMES as Record<string, string>)[who.role] ?? who.role;
      return h(
        "div",
        { class: dim ? "timeline-name is-dim" : "timeline-name", title: `${who.name}, ${role.toLowerCase()}` },
        avatar(who),
        h("span", { class: "timeline-who" }, who.name),
        h("span", { class: "timeline-role" }, role),
      );
    });
  }
}

/** Such as "Cleo typing in main.py"; empty when nobody is. */
export function typing(player: Player, at_ms: number): string {
  const { operations, participants, roots } = player.recording;
  const last = countUpTo(operations.at_ms, at_ms) - 1;
  if (at_ms - (operations.at_ms[last] ?? -Infinity) > TYPING_MS) return "";
  const name = participants[operations.writer[last] ?? -1]?.name;
  if (name === undefined) return "";
  const file = player.files(at_ms).get(fileOf(roots[operations.root[last] ?? 0] ?? "") ?? FIRST)?.name;
  return file === undefined ? `${name} typing` : `${name} typing in ${file}`;
}

function writersOf({ operations, participants }: Recording): string[] {
  const writers = new Set<number>();
  for (let at = 0; at < operations.length; at += 1) writers.add(operations.writer[at] ?? -1);
  return [...writers].flatMap((who) => participants[who]?.id ?? []);
}

function orderOf({ role }: RecordedParticipant): number {
  const at = ORDER.indexOf(role);
  return at < 0 ? ORDER.length : at;
}
