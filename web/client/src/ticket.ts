import type { JoinRequest } from "./api";

/** How this browser came into a room, so that a reload comes back without the form. */
export interface Entry {
  ticket: string;
  request: JoinRequest;
}

const ticketKey = (interview: string) => `panelroom.ticket.${interview}`;
const requestKey = (interview: string) => `panelroom.entry.${interview}`;

export function recall(interview: string): Entry | null {
  try {
    const ticket = localStorage.getItem(ticketKey(interview));
    const request = localStorage.getItem(requestKey(interview));
    return ticket === null || request === null ? null : { ticket, request: JSON.parse(request) as JoinRequest };
  } catch {
    return null;
  }
}

/** Storage can be closed to the page; then a reload shows the form again. */
export function remember(interview: string, { ticket, request }: Entry): void {
  try {
    localStorage.setItem(ticketKey(interview), ticket);
    localStorage.setItem(requestKey(interview), JSON.stringify(request));
  } catch {
    return;
  }
}

export function forget(interview: string): void {
  try {
    localStorage.removeItem(ticketKey(interview));
    localStorage.removeItem(requestKey(interview));
  } catch {
    return;
  }
}
