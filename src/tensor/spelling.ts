/** Suggestions for misspelt names. */

/**
 * `; did you mean "tau"? There are "mu", "tau".`: what to append to a message about an unknown name.
 *
 * @param limit - how many names to list at most
 */
export function suggestion(name: string, known: readonly string[], limit = 20): string {
  if (known.length === 0) return "; there are none.";
  const near = nearestName(name, known);
  const listed = known.slice(0, limit).map((k) => `"${k}"`);
  const more = known.length > limit ? `, … (${known.length} in all)` : "";
  return `${near === undefined ? "." : `; did you mean "${near}"?`} There ${known.length === 1 ? "is" : "are"} ${listed.join(", ")}${more}.`;
}

/** The known name that differs least from `name`, or undefined when none is close. Case counts little, and so do endings. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const [a, b] = [name.toLowerCase(), candidate.toLowerCase()];
    const begins = Math.min(a.length, b.length) >= 3 && (a.startsWith(b) || b.startsWith(a));
    const distance = begins ? 1 : editDistance(a, b);
    if (distance < least && distance < Math.max(name.length, candidate.length)) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** Insertions, deletions and substitutions that turn one string into the other (Levenshtein 1966). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
