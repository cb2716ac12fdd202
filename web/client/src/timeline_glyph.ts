import type { Glyph } from "./timeline_mark";

/** Outlines of 12 × 12, drawn about their middle. Those in `SOLID` are filled. */
const SHAPES: Record<Glyph, string> = {
  joined: "M1.5 6h6M5 3.5L7.5 6 5 8.5M10.5 2v8",
  left: "M4.5 6h6M8 3.5L10.5 6 8 8.5M1.5 2v8",
  role: "M2 4h7M7 2l2 2-2 2M10 8H3M5 6L3 8l2 2",
  removed: "M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM3.8 6h4.4",
  readmitted: "M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM3.8 6h4.4M6 3.8v4.4",
  finished: "M2.5 2.5h7v7h-7z",
  reopened: "M9.8 5A4 4 0 1 0 10 7M10 2v3H7",
  chat: "M1.5 2.5h9v6H5.5L3.5 10.5v-2h-2z",
  inserted: "M2 3h8M2 6h8M2 9h5",
  other: "M6 2.5L9.5 6 6 9.5 2.5 6z",
};
const SOLID: ReadonlySet<Glyph> = new Set(["finished"]);
const paths = new Map<Glyph, Path2D>();

export function drawGlyph(context: CanvasRenderingContext2D, glyph: Glyph, x: number, y: number, color: string): void {
  let path = paths.get(glyph);
  if (path === undefined) {
    path = new Path2D(SHAPES[glyph]);
    paths.set(glyph, path);
  }
  context.save();
  context.translate(x - 6, y - 6);
  context.lineWidth = 1.25;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = context.fillStyle = color;
  if (SOLID.has(glyph)) context.fill(path);
  context.stroke(path);
  context.restore();
}
