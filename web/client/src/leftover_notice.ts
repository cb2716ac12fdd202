import { lateNotice } from "./lost_text";
import { recall } from "./stay";

/** Shows what this browser has of a room that is over and the server never got, until it is put away. */
export async function showLeftovers(interview: string, put: (notice: HTMLElement) => void): Promise<void> {
  const participant = recall(interview)?.joined.participant_id;
  if (participant === undefined) return;
  const { leftovers } = await import("./leftover");
  for (const { name, text, clear } of await leftovers(interview, participant)) {
    put(lateNotice(name, text, () => void clear()));
  }
}
