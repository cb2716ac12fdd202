/** Raised when a file is not a recording that this player can show; the message is for people. */
export class RecordingInvalid extends Error {}

export function damaged(place: string, how = "damaged"): never {
  throw new RecordingInvalid(
    `It is ${how} at ${place}. Load the page again; if it stays so, ask whoever runs this server to check the recording.`,
  );
}

export function tooLarge(what: string): never {
  throw new RecordingInvalid(`It is larger than this page can show: ${what}. Read it over the API instead.`);
}
