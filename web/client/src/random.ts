/** 64 random bits; unlike `randomUUID` also there on a page without TLS. */
export function randomWord(): string {
  return crypto.getRandomValues(new Uint32Array(2)).join("-");
}
