import "./style";
import "./shell.css";
import "./lost.css";
import * as api from "./api";
import { pageConfig } from "./dom";
import { askSignOut, tellNot } from "./questions";
import { forgetMember, forgetOthers, memberLeftovers } from "./stay";

/** What `web/shell.py` tells every page of somebody signed in. */
export interface Shell {
  member: { id: string; name: string; email: string; role: MemberRole; time_zone?: string | null; is_named: boolean };
  organisation: { name: string };
  /** The names in `rooms/access.py`. */
  rights: string[];
  places: { path: string; name: string }[];
}

export type MemberRole = "owner" | "admin" | "member" | "limited";

export const shell = pageConfig() as Shell;

export function may(right: string): boolean {
  return shell.rights.includes(right);
}

/** What went wrong, in words. Whoever is not signed in any more is led to the log-in, and back here. */
export function problemWords(error: unknown): string {
  if (error instanceof api.Problem && error.status === 401) {
    window.location.assign(`/?return_to=${encodeURIComponent(window.location.pathname)}`);
    return "You are not signed in any more.";
  }
  return error instanceof Error ? error.message : String(error);
}

/** Storage that hangs keeps nobody signed in. */
const STORAGE_MS = 1_500;

async function soon<T>(done: Promise<T>, otherwise: T): Promise<T> {
  return Promise.race([done, new Promise<T>((late) => setTimeout(late, STORAGE_MS, otherwise))]);
}

/** Nothing is removed before the server has said that he is signed out. */
export async function signOut(): Promise<void> {
  const left = await soon(memberLeftovers(), []);
  if (left.length > 0 && !(await askSignOut(left.map(({ text }) => text)))) return;
  try {
    await api.signOut();
  } catch (error) {
    await tellNot("You are still signed in", error);
    return;
  }
  await soon(forgetMember(), undefined);
  window.location.assign("/");
}

document.querySelector('form[action="/sign-out"]')?.addEventListener("submit", (event) => {
  event.preventDefault();
  void signOut();
});
void forgetOthers(shell.member.id);
