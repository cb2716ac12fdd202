/** Why the server closed a socket. The same table as collab/wire.py; a test compares the two. */
export const CLOSE_CODES = {
  TOO_BIG: 1009,
  RESTART: 1012,
  INVALID: 4400,
  TICKET: 4401,
  REMOVED: 4403,
  NO_DOCUMENT: 4404,
  LIMIT: 4413,
  FINISHED: 4423,
  TOO_SLOW: 4508,
  OUT_OF_STEP: 4510,
  RATE: 4529,
} as const;

/** Final: connecting again with the same ticket would be refused again. */
export function isFinal(code: number): boolean {
  return code === CLOSE_CODES.TOO_BIG || (code >= 4400 && code < 4500);
}
