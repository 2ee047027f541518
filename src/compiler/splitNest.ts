/** Loops that hold more values than there are registers, as several loops one after the other over buffers that stay in the cache. */
import { usesOf } from "./emitLane.ts";
import { isMask, type Lane, LaneAlgebra } from "./lanes.ts";
import { sizeOf, stridesOf } from "./shapes.ts";
import type { Nest, NewBuffer, Store } from "./steps.ts";

/** Shorter loops gain nothing. */
const shortest = 64;
/** Constants, sums and values of one turn that a loop can hold: sixteen registers, some of which the engine needs itself. */
const registers = 14;
/** At most this many values go from one loop to the next, and a loop has at least that many operations. */
const mostCarried = 2;
const leastWork = 6;

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
  const copies = new Map<Lane, Lane>();
  const copy = (lane: Lane): Lane => {
    const known = copies.get(lane);
    if (known) return known;
    const access = carried.get(lane);
    const made = access ? algebra.load(access) : algebra.copy(lane, lane.args.map(copy));
    copies.set(lane, made);
    return made;
  };
  const rest = <R extends Store>(roots: readonly R[]): R[] =>
    roots.filter((r) => r.value.id > cut.at).map((r) => ({ ...r, value: copy(r.value) }));
  const second: Nest = {
    ...nest,
    algebra,
    stores: rest(nest.stores),
    accumulations: rest(nest.accumulations),
    scatters: rest(nest.scatters),
  };
  return [first, ...splitNest(second, newBuffer)];
}

interface Cut {
  /** The first loop computes values up to this number. */
  readonly at: number;
  readonly carried: readonly Lane[];
}

/** What the innermost loop of a nest holds. */
class Body {
  readonly #inner: number;
  readonly #roots: readonly Store[];
  readonly #accumulations: readonly Store[];
  /** Values that change in the loop, operands first, without those that are read or made again where they are needed. */
  readonly #lanes: readonly Lane[];
  /** Number of the last value that uses a value. */
  readonly #lastUse: Map<Lane, number> = new Map();

  constructor(nest: Nest, inner: number) {
    this.#inner = inner;
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

  /** Registers that a loop over the values numbered from `from` (exclusive) to `to` would like to have. */
  #pressure(from: number, to: number): number {
    const held = new Set<Lane>();
    let live = 0;
    let most = 0;
    const ends = new Map<number, number>();
    for (const lane of this.#lanes) {
      if (lane.id <= from || lane.id > to) continue;
      for (const arg of lane.args) if (arg.level !== this.#inner && !Object.is(arg.constant, 0)) held.add(arg);
      live++;
      most = Math.max(most, live);
      live -= ends.get(lane.id) ?? 0;
      const last = this.#lastUse.get(lane) ?? lane.id;
      if (last <= lane.id) live--;
      else ends.set(last, (ends.get(last) ?? 0) + 1);
    }
    const sums = this.#accumulations.filter(({ value }) => value.id > from && value.id <= to).length;
    return held.size + sums + most;
  }

  /** Where the fuller of the two loops holds least; undefined when the loop fits the registers, or no cut would help. */
  bestCut(): Cut | undefined {
    const whole = this.#pressure(-1, Infinity);
    if (whole <= registers) return undefined;
    let best: Cut | undefined;
    let least = whole - 2;
    this.#lanes.forEach((lane, i) => {
      if (i + 1 < leastWork || this.#lanes.length - i - 1 < leastWork) return;
      const carried = this.#carried(lane.id);
      if (!carried || carried.length > mostCarried || carried.length === 0) return;
      const pressure = Math.max(this.#pressure(-1, lane.id), this.#pressure(lane.id, Infinity));
      if (pressure >= least) return;
      least = pressure;
      best = { at: lane.id, carried };
    });
    return best;
  }
}
