import { unlike } from "./file";
import type { Texts } from "./lost_text";

/** What some file systems do not take in a name. */
const FORBIDDEN = /[<>:"|?*\\\p{Cc}]/gu;

/** A path below the place where it is unpacked, wherever the name wanted to go. */
export function safePath(name: string): string {
  const parts = name
    .split("/")
    .map((part) => part.replace(FORBIDDEN, "_").replace(/^\.+$/, "").replace(/[. ]+$/, ""))
    .filter((part) => part !== "");
  return parts.join("/") || "untitled";
}

/** A path for each name, no two alike and none a folder of another. */
export function safePaths(names: readonly string[]): string[] {
  const paths = names.map(safePath);
  const taken = new Set<string>();
  for (const path of paths) {
    const folders = path.split("/").slice(0, -1);
    folders.forEach((_, at) => taken.add(folders.slice(0, at + 1).join("/").toLowerCase()));
  }
  return paths.map((path) => unlike(taken, path));
}

export function downloadFile(name: string, text: string): void {
  offer(safePath(name).split("/").at(-1) ?? "untitled", new Blob([text], { type: "text/plain;charset=utf-8" }));
}

/** All files in one, under their names. `title`: what the zip is called. */
export async function downloadAll(title: string, texts: Texts): Promise<void> {
  const { strToU8, zipSync } = await import("fflate");
  const files = [...texts.values()];
  const paths = safePaths(files.map(({ name }) => name));
  const zip = zipSync(Object.fromEntries(files.map(({ text }, at) => [paths[at] ?? "", strToU8(text)])));
  offer(`${safePath(title).replaceAll("/", "_")}.zip`, new Blob([zip], { type: "application/zip" }));
}

function offer(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
