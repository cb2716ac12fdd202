import { fileOf } from "./file";
import { countUpTo } from "./operations";
import type { Player } from "./player";
import type { ReplayFiles } from "./replay_files";

const LINES_AROUND = 3;
const MOST_COLUMNS = 160;

/** A look at another moment: who writes where, and the lines around it. */
export function previewAt(player: Player, files: ReplayFiles, at_ms: number): { title: string; text: string } {
  const { operations, roots, participants } = player.recording;
  const index = countUpTo(operations.at_ms, at_ms) - 1;
  if (index < 0) return { title: "Before the first edit", text: "" };
  const root = roots[operations.root[index] ?? 0] ?? "";
  const who = participants[operations.writer[index] ?? -1]?.name ?? "Somebody";
  const name = files.at(at_ms).files.find(({ id }) => id === fileOf(root))?.name;
  const text = player.textAt(at_ms, root);
  const place = Math.min((operations.position[index] ?? 0) + (operations.inserted[index] ?? 0), text.length);
  return { title: name === undefined ? who : `${who} in ${name}`, text: linesAround(text, place) };
}

function linesAround(text: string, place: number): string {
  let from = place;
  for (let line = 0; line <= LINES_AROUND && from > 0; line += 1) from = text.lastIndexOf("\n", from - 1);
  let to = place - 1;
  for (let line = 0; line <= LINES_AROUND && to < text.length; line += 1) {
    const next = text.indexOf("\n", to + 1);
    to = next < 0 ? text.length : next;
  }
  const lines = text.slice(from < 0 ? 0 : from, to).replace(/^\n/, "").split("\n");
  return lines.map((line) => line.slice(0, MOST_COLUMNS)).join("\n");
}
