/** Loops that hold more values than there are registers, as several loops one after the other over buffers that stay in the cache. */
import { usesOf } from "./emitLane.ts";
import { copier, isMask, type Lane, LaneAlgebra, type LaneOp } from "./lanes.ts";
import { sizeOf, stridesOf } from "./shapes.ts";
import type { Nest, NewBuffer, Store } from "./steps.ts";

/** Shorter loops gain nothing. */
const shortest = 16;
/** At most this many values go from one loop to the next. */
const mostCarried = 3;
/** Shorter bodies are left alone. */
const fewestOperations = 12;

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
const ofBits = ["bitAdd", "bitSub", "bitAnd", "bitAndNot", "bitOr", "bitXor", "shiftLeft", "shiftRight"] as const;
const comparisons = ["min", "max", "lt", "le", "eq", "ne"] as const;
const prices: Readonly<Partial<Record<LaneOp, Price>>> = {
  div: { operations: 8, latency: 13 },
  sqrt: { operations: 8, latency: 20 },
  table: { operations: 9, latency: 20 },
  select: { operations: 3, latency: 2 },
  ...Object.fromEntries([...ofBits, ...comparisons].map((op) => [op, logic])),
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

/** What the innermost loop of a nest does: its values by position, operands first, without those that are only read or do not change. */
class Body {
  readonly #lanes: readonly Lane[];
  readonly #turns: number;
  /** For each value: positions of its operands; those that are not values of the loop follow, as what is read or held in a register. */
  readonly #args: readonly (readonly number[])[];
  readonly #isHeld: readonly boolean[];
  /** Position of the last value that uses a value. */
  readonly #lastUse: Int32Array;
  /** For each value: sums that it is added to. */
  readonly #sums: Int32Array;
  /** For each value: what it counts for when it is used on the other side of a cut. */
  readonly #weight: readonly number[];
  readonly #depth: Float64Array;
  readonly #seen: Int32Array;
  #stamp = 0;

  constructor(nest: Nest, inner: number) {
    const roots = [...nest.stores, ...nest.accumulations, ...nest.scatters];
    const used = [...usesOf(roots.map((r) => r.value)).keys()].sort((x, y) => x.id - y.id);
    const isGiven = (x: Lane): boolean => x.op === "load" || x.op === "constant";
    const lanes = used.filter((lane) => lane.level === inner && !isGiven(lane));
    const others = used.filter((lane) => lane.level !== inner || isGiven(lane));
    const positions = new Map([...lanes, ...others].map((lane, i) => [lane, i]));
    this.#lanes = lanes;
    this.#turns = nest.dims[inner]! / 2;
    // Zero costs no register.
    this.#args = lanes.map((x) => x.args.flatMap((y) => (Object.is(y.constant, 0) ? [] : [positions.get(y)!])));
    this.#isHeld = [...lanes, ...others].map((lane) => lane.level !== inner);
    this.#lastUse = Int32Array.from(lanes, (_, i) => i);
    this.#args.forEach((args, i) => {
      for (const arg of args) if (arg < lanes.length) this.#lastUse[arg] = i;
    });
    this.#sums = new Int32Array(lanes.length);
    for (const { value } of nest.accumulations) {
      const at = positions.get(value)!;
      if (at < lanes.length) this.#sums[at]!++;
    }
    // One operation on what is read or does not change is done again; masks are not stored.
    const isCheap = (x: Lane): boolean => (prices[x.op] ?? arithmetic).operations <= 3 && x.args.every(isGiven);
    this.#weight = lanes.map((lane) => (isCheap(lane) ? 0 : isMask(lane) ? Number.POSITIVE_INFINITY : 1));
    this.#depth = new Float64Array(lanes.length);
    this.#seen = new Int32Array(positions.size).fill(-1);
  }

  /** Cycles of a turn of the loop over the values from position `from` up to, not including, `to`. */
  #cycles(from: number, to: number): number {
    const stamp = this.#stamp++;
    const ends = new Int32Array(this.#lanes.length + 1);
    let [operations, longest, live, mostLive, held, read] = [0, 0, 0, 0, 0, 0];
    for (let i = from; i < to; i++) {
      const price = prices[this.#lanes[i]!.op] ?? arithmetic;
      let ready = 0;
      for (const arg of this.#args[i]!) {
        const isInside = arg >= from && arg < this.#lanes.length;
        const isHeld = this.#isHeld[arg]!;
        if (isInside) ready = Math.max(ready, this.#depth[arg]!);
        else if (!isHeld) ready = Math.max(ready, loadLatency);
        if (isInside || this.#seen[arg] === stamp) continue;
        this.#seen[arg] = stamp;
        if (isHeld) held++;
        else read++;
      }
      this.#depth[i] = ready + price.latency;
      longest = Math.max(longest, ready + price.latency);
      operations += price.operations + this.#sums[i]!;
      held += this.#sums[i]!;
      mostLive = Math.max(mostLive, ++live);
      live -= ends[i]!;
      const last = Math.min(this.#lastUse[i]!, to);
      if (last <= i) live--;
      else ends[last]!++;
    }
    const spilled = Math.max(0, held + mostLive - registers);
    const busy = operations / perCycle + read * loadCost + spilled * spillCost;
    return Math.max(busy, (operations * longest) / window) + loopCost + startCost / this.#turns;
  }

  /** Where to cut so that both loops together take least; undefined when one loop takes no more. */
  bestCut(): Cut | undefined {
    const n = this.#lanes.length;
    if (n < fewestOperations) return undefined;
    let best = -1;
    let least = this.#cycles(0, n);
    // No cut does with less than the operations of both loops, one store and two loops.
    let operations = 0;
    for (let i = 0; i < n; i++) operations += (prices[this.#lanes[i]!.op] ?? arithmetic).operations + this.#sums[i]!;
    if (least <= operations / perCycle + storeCost + 2 * (loopCost + startCost / this.#turns)) return undefined;
    const carried = this.#carriedCounts();
    for (let i = 0; i + 1 < n; i++) {
      const count = carried[i]!;
      if (count === 0 || count > mostCarried || count > Math.min(carried[i - 1] ?? n, carried[i + 1]!)) continue;
      const cycles = this.#cycles(0, i + 1) + this.#cycles(i + 1, n) + count * storeCost;
      if (cycles >= least) continue;
      least = cycles;
      best = i;
    }
    if (best < 0) return undefined;
    const isCarried = (_: Lane, i: number): boolean => i <= best && this.#lastUse[i]! > best && this.#weight[i]! > 0;
    return { at: this.#lanes[best]!.id, carried: this.#lanes.filter(isCarried) };
  }

  /** For a cut after each position, how many values go across. */
  #carriedCounts(): number[] {
    return this.#lanes.map((_, cut) => {
      let count = 0;
      for (let i = 0; i <= cut; i++) if (this.#lastUse[i]! > cut) count += this.#weight[i]!;
      return count;
    });
  }
}
