/**
 * Taking the effects of groups out of sums of squares, on plain arrays: what differs between groups, and what within them.
 *
 * Σ w (k·v[group] + x·θ + c)² is one square for each group, of v and the group's means of x and c, plus what is left within
 * the groups, which does not know v any more: a regression on θ alone. Several effects of one grouping (intercepts and
 * slopes) are taken out in turn, by the modified Gram–Schmidt process within each group.
 */

/** Squares that are left between groups: Σ weights (v + Σ means · the later columns)², one for each group. */
export interface Between {
  readonly weights: Float64Array;
  /** For each later column, its coefficient in every group. */
  readonly means: readonly Float64Array[];
}

/** Rows and the groups they are in. */
export interface Grouping {
  readonly groups: Int32Array;
  readonly count: number;
  /** Weights of the rows, not negative. */
  readonly weights: Float64Array;
}

/** Squares of this size beside those of the column are what rounding left of nothing. */
const negligible = 1e-26;

/**
 * Takes the first `effects` columns out, one after the other. Later columns are left with what varies within groups, and
 * the result has an element for each effect, whose means are those of the columns after it.
 */
export function takeOutEffects(columns: readonly Float64Array[], effects: number, grouping: Grouping): Between[] {
  const { groups } = grouping;
  const before = columns.map((x) => dot(x, x, grouping));
  const between = columns.slice(0, effects).map((effect, k) => {
    const norms = dot(effect, effect, grouping).map((n, g) => (n <= negligible * before[k]![g]! ? 0 : n));
    const means = columns.slice(k + 1).map((x) => {
      const mean = new Float64Array(grouping.count);
      // The second time takes out what rounding left of the first.
      for (let turn = 0; turn < 2; turn++) {
        const share = dot(effect, x, grouping).map((d, g) => (norms[g] === 0 ? 0 : d / norms[g]!));
        for (let g = 0; g < mean.length; g++) mean[g]! += share[g]!;
        for (let i = 0; i < x.length; i++) x[i]! -= share[groups[i]!]! * effect[i]!;
      }
      return mean;
    });
    return { weights: norms, means };
  });
  columns.slice(effects).forEach((x, k) => {
    const left = total(dot(x, x, grouping));
    if (left <= negligible * total(before[effects + k]!)) x.fill(0);
  });
  return between;
}

/** Σ w a b in every group. */
function dot(a: Float64Array, b: Float64Array, { groups, count, weights }: Grouping): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < a.length; i++) out[groups[i]!]! += weights[i]! * a[i]! * b[i]!;
  return out;
}
const total = (x: Float64Array): number => x.reduce((s, v) => s + v, 0);
