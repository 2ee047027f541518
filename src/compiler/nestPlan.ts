/** How a nest is walked: which loops become one, and how far the innermost is unrolled. */
import { usesOf } from "./emitLane.ts";
import type { Access, Lane } from "./lanes.ts";
import type { Nest } from "./steps.ts";

/** Adjacent loops that every access walks as one become one. Gives the loops, and for each old loop the number of its new one. */
function collapse(dims: readonly number[], accesses: readonly Access[]): { sizes: number[]; group: number[] } {
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

/** Operations that wait for each other, from which on a body is a chain: an elementary function. */
const long = 12;
/** Of chains, two or four are written side by side up to so many operations, since the processor sees not many more of them ahead. */
const sideBySide = 200;

/** The innermost loop. */
export interface InnerPlan {
  /** Pairs handled by one turn of the loop, and how many turns; the pairs left over follow the loop. */
  readonly unroll: number;
  readonly turns: number;
  readonly pairs: number;
  readonly hasTail: boolean;
}

/**
 * Straight-line code for little work; else a loop with enough independent sums to hide the latency of adding, or enough independent
 * chains: `latency` is the longest chain of operations in the body, `work` their number.
 */
export function planInner(n: number, work: number, latency: number, accumulates: boolean): InnerPlan {
  const pairs = n >> 1;
  const hasTail = n % 2 === 1;
  if (pairs <= 8 && pairs * work <= unrollBudget) return { unroll: pairs, turns: pairs > 0 ? 1 : 0, pairs, hasTail };
  const sums = accumulates ? (work < 10 ? 4 : work < 40 ? 2 : 1) : work < 12 ? 2 : 1;
  const chains = work <= sideBySide / 4 && (pairs % 4 === 0 || pairs > 32) ? 4 : work <= sideBySide / 2 ? 2 : 1;
  const unroll = Math.min(latency >= long ? chains : sums, pairs);
  return { unroll, turns: Math.floor(pairs / unroll), pairs, hasTail };
}

export interface NestPlan {
  /** The loops after collapsing, and for each old loop the number of its new one. */
  readonly sizes: readonly number[];
  readonly group: readonly number[];
  /** Number of the innermost loop; 0 also where there is none. */
  readonly innermost: number;
  readonly inner: InnerPlan;
  /** Every address that is read or written. */
  readonly accesses: readonly Access[];
  /** How often each expression is used. */
  readonly uses: ReadonlyMap<Lane, number>;
  /** Whether nothing is repeated, so that every place is known when the code is written. */
  readonly isStraight: boolean;
  /** Bytes of code, about. */
  readonly codeSize: number;
}

/** Bytes that an operation of an expression takes, about. */
const bytesPerOperation = 9;

/** @param chunk - rows of a chunk, when the nest runs on one at a time */
export function planNest(nest: Nest, chunk?: number): NestPlan {
  const roots = [...nest.stores, ...nest.accumulations, ...nest.scatters];
  const uses = usesOf(roots.map((r) => r.value));
  const reached = roots.map((r) => r.target);
  for (const { access } of uses.keys()) if (access) reached.push(access);
  const accesses = reached.flatMap((a) => (a.index ? [a, a.index] : [a]));
  const dims = chunk === undefined ? nest.dims : [chunk, ...nest.dims.slice(1)];
  const { sizes, group } = collapse(dims, accesses);
  const innermost = Math.max(sizes.length - 1, 0);
  const isInner = (level: number): boolean => level >= 0 && group[level] === innermost;
  const inside = nest.algebra.lanes.filter((lane) => uses.has(lane) && isInner(lane.level));
  const work = Math.max(inside.length, 1);
  const depths = new Map<Lane, number>();
  for (const lane of inside) depths.set(lane, 1 + Math.max(0, ...lane.args.map((a) => depths.get(a) ?? 0)));
  const sums = nest.accumulations.some(({ target }) => !target.strides.some((s, d) => s !== 0 && isInner(d)));
  const inner = planInner(sizes.at(-1) ?? 1, work, Math.max(0, ...depths.values()), sums);
  const copies = Math.min(inner.pairs, inner.turns > 1 ? inner.unroll * 2 : inner.pairs) + (inner.hasTail ? 1 : 0);
  return {
    sizes,
    group,
    innermost,
    inner,
    accesses,
    uses,
    isStraight: chunk === undefined && (sizes.length === 0 || (sizes.length === 1 && inner.turns <= 1)),
    codeSize: (uses.size + roots.length + work * (copies - 1)) * bytesPerOperation,
  };
}
