/** Loops that hold more values than there are registers, as several loops one after the other over buffers that stay in the cache. */
import { usesOf } from "./emitLane.ts";
import { copier, isMask, type Lane, LaneAlgebra, type LaneOp } from "./lanes.ts";
import { sizeOf, stridesOf } from "./shapes.ts";
import type { Nest, NewBuffer, Store } from "./steps.ts";

/** Shorter loops gain nothing. */
const shortest = 16;
/** At most this many values go from one loop to the next. */
const mostCarried = 3;

/**
 * A model of a processor, in cycles. Turns of a loop overlap as far as its operations fit the window of those that wait for
 * their operands: a body of n operations whose longest chain takes t cycles has window / n turns under way, and takes
 * n t / window cycles a turn. Two bodies of half the length take half the time, until it is the number of operations that counts.
 */
const window = 100;
const perCycle = 4;
const loopCost = 1;
/** To begin a loop: its first turns have nothing to overlap with. */
const startCost = 10;
const loadLatency = 5;
const loadCost = 0.5;
const storeCost = 1;
/** Values that can stay in registers; others are read again. */
const registers = 14;
const spillCost = 0.5;
interface Price {
  readonly operations: number;
  readonly latency: number;
}
const arithmetic: Price = { operations: 1, latency: 3 };
const logic: Price = { operations: 1, latency: 1 };
const prices: Readonly<Partial<Record<LaneOp, Price>>> = {
  div: { operations: 8, latency: 13 },
  sqrt: { operations: 8, latency: 20 },
  table: { operations: 9, latency: 20 },
  select: { operations: 3, latency: 2 },
  neg: logic,
  abs: logic,
  min: logic,
  max: logic,
  lt: logic,
  le: logic,
  eq: logic,
  ne: logic,
  bitAnd: logic,
  bitOr: logic,
  shiftLeft52: logic,
  shiftRight52: logic,
};

/** The loops that a nest becomes: itself, when it holds little or there is no good place to cut it. */
export function splitNest(nest: Nest, newBuffer: NewBuffer): Nest[] {
  const inner = nest.dims.length - 1;
  if (inner < 0 || sizeOf(nest.dims) < shortest) return [nest];
  const body = new Body(nest, inner);
  const cut = body.bestCut();
  if (!cut) return [nest];
  const strides = stridesOf(nest.dims);
  const carried = new Map(
    cut.carried.map((lane) => {
      const buffer = newBuffer("temporary", sizeOf(nest.dims), `part v${lane.id}`);
      return [lane, { buffer, offset: 0, strides }];
    }),
  );
  const first: Nest = {
    ...nest,
    members: [],
    stores: [
      ...nest.stores.filter((s) => s.value.id <= cut.at),
      ...[...carried].map(([value, target]) => ({ value, target })),
    ],
    accumulations: nest.accumulations.filter((s) => s.value.id <= cut.at),
    scatters: nest.scatters.filter((s) => s.value.id <= cut.at),
  };
  const algebra = new LaneAlgebra();
  const copy = copier(algebra, (lane) => {
    const access = carried.get(lane);
    return access && algebra.load(access);
  });
  const rest = <R extends Store>(roots: readonly R[]): R[] =>
    roots.filter((r) => r.value.id > cut.at).map((r) => ({ ...r, value: copy(r.value) }));
  const second: Nest = {
    ...nest,
    algebra,
    stores: rest(nest.stores),
    accumulations: rest(nest.accumulations),
    scatters: rest(nest.scatters),
  };
  return [...splitNest(first, newBuffer), ...splitNest(second, newBuffer)];
}

interface Cut {
  /** The first loop computes values up to this number. */
  readonly at: number;
  readonly carried: readonly Lane[];
}

/** What the innermost loop of a nest holds. */
class Body {
  readonly #inner: number;
  readonly #turns: number;
  readonly #roots: readonly Store[];
  readonly #accumulations: readonly Store[];
  /** Values that change in the loop, operands first, without those that are read or made again where they are needed. */
  readonly #lanes: readonly Lane[];
  /** Number of the last value that uses a value. */
  readonly #lastUse: Map<Lane, number> = new Map();

  constructor(nest: Nest, inner: number) {
    this.#inner = inner;
    this.#turns = nest.dims[inner]! / 2;
    this.#roots = [...nest.stores, ...nest.accumulations, ...nest.scatters];
    this.#accumulations = nest.accumulations;
    const used = usesOf(this.#roots.map((r) => r.value));
    for (const lane of used.keys())
      for (const arg of lane.args) this.#lastUse.set(arg, Math.max(this.#lastUse.get(arg) ?? 0, lane.id));
    this.#lanes = [...used.keys()]
      .filter((lane) => lane.level === inner && lane.op !== "load" && lane.op !== "constant")
      .sort((a, b) => a.id - b.id);
  }

  /** Whether a value is not worth keeping: one operation on what is read or does not change. */
  #isCheap(lane: Lane): boolean {
    const isGiven = (x: Lane): boolean => x.op === "load" || x.op === "constant";
    return lane.op !== "table" && lane.op !== "div" && lane.op !== "sqrt" && lane.args.every(isGiven);
  }

  /** Values computed in the loop up to `at` that it needs after it; undefined: there are some that cannot be kept. */
  #carried(at: number): readonly Lane[] | undefined {
    const kept: Lane[] = [];
    for (const [lane, last] of this.#lastUse) {
      if (lane.id > at || last <= at || lane.op === "load" || lane.op === "constant" || this.#isCheap(lane)) continue;
      if (lane.level !== this.#inner || isMask(lane)) return undefined;
      kept.push(lane);
    }
    return kept;
  }

  /** Cycles of a turn of the loop over the values numbered from `from` (exclusive) to `to`. */
  #cycles(from: number, to: number): number {
    const held = new Set<Lane>();
    const read = new Set<Lane>();
    const depth = new Map<Lane, number>();
    let [operations, longest, live, mostLive] = [0, 0, 0, 0];
    const ends = new Map<number, number>();
    for (const lane of this.#lanes) {
      if (lane.id <= from || lane.id > to) continue;
      const { operations: work, latency } = prices[lane.op] ?? arithmetic;
      let ready = 0;
      for (const arg of lane.args) {
        if (arg.level !== this.#inner) {
          if (!Object.is(arg.constant, 0)) held.add(arg);
          continue;
        }
        if (!depth.has(arg)) read.add(arg);
        ready = Math.max(ready, depth.get(arg) ?? loadLatency);
      }
      operations += work;
      depth.set(lane, ready + latency);
      longest = Math.max(longest, ready + latency);
      mostLive = Math.max(mostLive, ++live);
      live -= ends.get(lane.id) ?? 0;
      const last = Math.min(this.#lastUse.get(lane) ?? lane.id, to);
      if (last <= lane.id) live--;
      else ends.set(last, (ends.get(last) ?? 0) + 1);
    }
    const sums = this.#accumulations.filter(({ value }) => value.id > from && value.id <= to).length;
    operations += sums;
    const spilled = Math.max(0, held.size + sums + mostLive - registers);
    const busy = operations / perCycle + read.size * loadCost + spilled * spillCost;
    return Math.max(busy, (operations * longest) / window) + loopCost + startCost / this.#turns;
  }

  /** Where to cut so that both loops together take least; undefined when one loop takes no more. */
  bestCut(): Cut | undefined {
    let best: Cut | undefined;
    let least = this.#cycles(-1, Number.POSITIVE_INFINITY);
    for (const lane of this.#lanes) {
      const carried = this.#carried(lane.id);
      if (!carried || carried.length === 0 || carried.length > mostCarried) continue;
      const cycles =
        this.#cycles(-1, lane.id) + this.#cycles(lane.id, Number.POSITIVE_INFINITY) + carried.length * storeCost;
      if (cycles >= least) continue;
      least = cycles;
      best = { at: lane.id, carried };
    }
    return best;
  }
}
