const decoder = new TextDecoder("utf-16le");

/** A string of UTF-16 units, also of half characters, which the decoder replaces. */
export function stringOf(units: Uint16Array): string {
  if (units.length < 16) return String.fromCharCode(...units);
  const text = decoder.decode(units);
  return text.includes("\ufffd") || units[0] === 0xfeff ? exactly(units) : text;
}

/** In pieces, because a call takes a limited number of arguments. */
function exactly(units: Uint16Array): string {
  let text = "";
  for (let at = 0; at < units.length; at += 8192) text += String.fromCharCode(...units.subarray(at, at + 8192));
  return text;
}

export function writeUnits(text: string, into: Uint16Array, at: number): void {
  for (let from = 0; from < text.length; from += 1) into[at + from] = text.charCodeAt(from);
}
