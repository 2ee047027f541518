/** Tables in Markdown. */

/** Three significant digits; nothing for a figure that is missing. */
export function figure(x: number | undefined): string {
  if (x === undefined) return "–";
  return x >= 100 ? x.toFixed(0) : String(Number(x.toPrecision(3)));
}

/** Padded, so that it reads well in a terminal too: the first column to the left, the others to the right. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, c) => Math.max(title.length, 3, ...rows.map((row) => row[c]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join(" | ")} |`;
  const rule = widths.map((width, c) => (c === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}
