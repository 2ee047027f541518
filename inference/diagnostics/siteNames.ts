/** Names of the elements of a site. */

/**
 * One name for each element, row-major with zero-based indices; the name itself for a scalar.
 * @example siteNames("beta", [2]); // ["beta[0]", "beta[1]"]
 */
export function siteNames(name: string, shape: readonly number[]): string[] {
  if (shape.length === 0) return [name];
  const indices = shape.reduce<string[]>(
    (prefixes, n) =>
      prefixes.flatMap((prefix) => Array.from({ length: n }, (_, i) => (prefix ? `${prefix},${i}` : `${i}`))),
    [""],
  );
  return indices.map((index) => `${name}[${index}]`);
}
