/** Decimal exponent of a number: 3 for 1234, −2 for 0.056. */
function exponentOf(x: number): number {
  return Number(x.toExponential().split("e")[1]);
}

/** A number as text with a given number of decimals; scientific where that would be long. */
function withDecimals(x: number, decimals: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x > 0 ? "Inf" : "-Inf";
  if (x !== 0 && (decimals > 6 || Math.abs(x) >= 1e7)) {
    return x.toExponential(Math.min(Math.max(exponentOf(x) + decimals, 0), 15));
  }
  const text = x.toFixed(Math.min(decimals, 6));
  return /^-[0.]+$/.test(text) ? text.slice(1) : text;
}

/**
 * An estimate with the decimals that its Monte Carlo standard error supports: the last digit shown is the one in
 * which 2·MCSE starts. Three significant digits if the error is unknown.
 *
 * @example
 * estimateText(4.4137, 0.034); // "4.41"
 */
export function estimateText(estimate: number, mcse: number): string {
  if (mcse > 0 && Number.isFinite(mcse)) return withDecimals(estimate, Math.max(-exponentOf(2 * mcse), 0));
  return significantText(estimate, 3);
}

/**
 * A number with at least the given count of significant digits; integers are never rounded further.
 *
 * @example
 * significantText(0.03412, 2); // "0.034"
 */
export function significantText(x: number, digits: number): string {
  if (x === 0 || !Number.isFinite(x) || Number.isInteger(x)) return withDecimals(x, 0);
  return withDecimals(x, Math.max(digits - 1 - exponentOf(x), 0));
}

/** Lines of cells as text: the first column left-aligned, the others right-aligned, two spaces between. */
export function alignedText(lines: readonly (readonly string[])[]): string {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
