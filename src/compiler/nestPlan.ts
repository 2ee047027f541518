/** How a nest is walked: which loops become one, and how far the innermost is unrolled. */
import type { Access } from "./lanes.ts";

/** Adjacent loops that every access walks as one become one. Gives the loops, and for each old loop the number of its new one. */
export function collapse(dims: readonly number[], accesses: readonly Access[]): { sizes: number[]; group: number[] } {
  const group: number[] = new Array(dims.length);
  const sizes: number[] = [];
  let current = -1;
  for (let d = dims.length - 1; d >= 0; d--) {
    const joins = d < dims.length - 1 && accesses.every((a) => a.strides[d] === a.strides[d + 1]! * dims[d + 1]!);
    if (joins) sizes[current]! *= dims[d]!;
    else sizes[++current] = dims[d]!;
    group[d] = current;
  }
  sizes.reverse();
  return { sizes, group: group.map((g) => sizes.length - 1 - g) };
}

/** Straight-line code is preferred to a loop up to about this many operations. */
const unrollBudget = 160;

/** The innermost loop. */
export interface InnerPlan {
  /** Pairs handled by one turn of the loop, and how many turns; the pairs left over follow the loop. */
  readonly unroll: number;
  readonly turns: number;
  readonly pairs: number;
  readonly hasTail: boolean;
}

/** Sums that a loop holds in registers beside its operands. */
const mostSums = 8;

/** Straight-line code for little work; else a loop with enough independent sums to hide the latency of adding. */
export function planInner(n: number, work: number, sums: number): InnerPlan {
  const pairs = n >> 1;
  const hasTail = n % 2 === 1;
  if (pairs <= 8 && pairs * work <= unrollBudget) return { unroll: pairs, turns: pairs > 0 ? 1 : 0, pairs, hasTail };
  let unroll = Math.min(sums > 0 ? (work < 10 ? 4 : work < 40 ? 2 : 1) : work < 12 ? 2 : 1, pairs);
  while (unroll > 1 && unroll * sums > mostSums) unroll >>= 1;
  return { unroll, turns: Math.floor(pairs / unroll), pairs, hasTail };
}
