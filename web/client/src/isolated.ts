/** A name inside a sentence: right-to-left characters in it turn nothing around it. */
export function isolated(name: string): string {
  return `\u2068${name}\u2069`;
}
