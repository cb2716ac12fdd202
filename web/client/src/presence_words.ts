import type { People } from "./people";
import { shortened } from "./person";
import type { Participant } from "./room_events";

/** What one should know now, in one calm sentence or two: who is here, and what happens next. */
export function presenceWords(people: People, own: string, reason: string | null): string {
  if (people.status === "finished") return "This interview is finished.";
  const me = people.get(own);
  const others = people.here.filter(({ id }) => id !== own);
  if (me?.role === "interviewer") {
    const place = people.place(own);
    if (place !== null) return observingWords(reason, place);
    return [lineWords(people), candidateWords(people, others)].filter((words) => words !== "").join(" ");
  }
  if (me?.role === "observer") return `You are observing. ${hereWords(others)}`;
  if (others.some(({ role }) => role === "interviewer")) return hereWords(others);
  if (people.status === "pending") return "No interviewer is here yet: you will see it here when one comes in.";
  return "No interviewer is here right now. You can keep working: nothing is lost.";
}

/** Of an interviewer over the limit. */
export function observingWords(reason: string | null, place: number): string {
  const why = reason === null ? "" : `: ${reason.charAt(0).toLowerCase()}${reason.slice(1).replace(/\.$/, "")}`;
  return `You are observing${why}. You are number ${place} for a seat.`;
}

/** Of who waits outside. */
export function waitingWords(place: number | null): string {
  if (place === null) return "This page opens the room by itself as soon as you are let in.";
  const before = place === 1 ? "You are the next one in. " : "";
  return `${before}This page opens the room by itself when it is your turn.`;
}

export function typingWords(people: People, typing: ReadonlySet<string>): string {
  const names = people.here.filter(({ id }) => typing.has(id)).map(({ name }) => name);
  if (names.length === 0) return "";
  return `${listed(names)} ${names.length === 1 ? "is" : "are"} typing…`;
}

function hereWords(others: Participant[]): string {
  if (others.length === 0) return "Nobody else is here.";
  return `${listed(others.map(({ name }) => name))} ${others.length === 1 ? "is" : "are"} here.`;
}

function candidateWords(people: People, others: Participant[]): string {
  const candidate = people.inside.find(({ role }) => role === "candidate");
  const waits = people.line.some(({ role }) => role === "candidate");
  if (people.closed) {
    return waits ? "Nobody outside sees this room yet." : "Nobody outside sees this room before you let the candidate in.";
  }
  if (candidate === undefined) return waits ? "" : `The candidate has not come in yet. ${hereWords(others)}`;
  if (!candidate.connected) return `${shortened(candidate.name)}, the candidate, is away. ${hereWords(others)}`;
  return hereWords(others);
}

function lineWords(people: People): string {
  const waits = people.line;
  if (waits.length === 0) return "";
  return `${listed(waits.map(({ name }) => name))} ${waits.length === 1 ? "waits" : "wait"} outside.`;
}

/** Three names at most, long ones cut: the roster has all of them. */
export function listed(names: string[]): string {
  const [first = "", second = "", third = ""] = names.map(shortened);
  switch (names.length) {
    case 0:
    case 1:
      return first;
    case 2:
      return `${first} and ${second}`;
    case 3:
      return `${first}, ${second} and ${third}`;
    default:
      return `${first}, ${second} and ${names.length - 2} others`;
  }
}
