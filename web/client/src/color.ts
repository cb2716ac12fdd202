/** Participants' colours come from the server; nothing else may get into a style. */
export function safeColor(color: string): string {
  return /^#[0-9a-f]{6}([0-9a-f]{2})?$/i.test(color) ? color : "#777777";
}

/** Black or white, whichever is easier to read on the colour (WCAG relative luminance). */
export function inkOn(color: string): string {
  const parts = [1, 3, 5].map((at) => {
    const value = parseInt(safeColor(color).slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const [red = 0, green = 0, blue = 0] = parts;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}
