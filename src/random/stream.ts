/** A stateful stream of scalars for inner loops (trees, accept steps, rejection samplers). */
import { erfinv } from "../wasm/numberFunctions.ts";
import { assertKey, type Key } from "./key.ts";
import { threefry2x32 } from "./threefry.ts";

/** Draws one number at a time, advancing a counter; it allocates nothing. */
export interface Stream {
  /** 32 random bits, an unsigned integer. */
  bits(): number;
  /** Uniform on [0, 1), a multiple of 2^-52. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
}

/**
 * The stream of a key. Draw number i is element i of `bits(key, n)`, `uniform(key, [n])` or `normal(key, [n])`,
 * depending on the method called.
 *
 * @throws TypeError when `key` is no Key
 * @example
 * const rng = stream(key(0));
 * const accept = rng.uniform() < 0.8;
 */
export function stream(key: Key): Stream {
  assertKey(key, "stream");
  return new CounterStream(key.hi, key.lo);
}

/**
 * One stream that can be set to the start of the stream of `foldIn(key, i)`: what a rejection sampler uses for its
 * element `i`, so that elements do not depend on how many draws their neighbours took.
 */
export function elementStreams(key: Key): (i: number) => Stream {
  const words = new Int32Array(2);
  const element = new CounterStream(0, 0);
  return (i) => {
    threefry2x32(key.hi, key.lo, i / TWO_TO_32, i, words);
    element.restart(words[0]!, words[1]!);
    return element;
  };
}

const TWO_TO_32 = 2 ** 32;
const K0 = 0;
const K1 = 1;
const COUNTER_HI = 2;
const COUNTER_LO = 3;

class CounterStream implements Stream {
  readonly #state = new Int32Array(4);
  readonly #words = new Int32Array(2);

  constructor(k0: number, k1: number) {
    this.restart(k0, k1);
  }

  restart(k0: number, k1: number): void {
    const state = this.#state;
    state[K0] = k0;
    state[K1] = k1;
    state[COUNTER_HI] = 0;
    state[COUNTER_LO] = 0;
  }

  bits(): number {
    const words = this.#next();
    return (words[0]! ^ words[1]!) >>> 0;
  }

  uniform(): number {
    const words = this.#next();
    return unitOfWords(words[0]!, words[1]!);
  }

  normal(): number {
    const words = this.#next();
    return normalOfUnit(unitOfWords(words[0]!, words[1]!));
  }

  #next(): Int32Array {
    const state = this.#state;
    const lo = state[COUNTER_LO]!;
    threefry2x32(state[K0]!, state[K1]!, state[COUNTER_HI]!, lo, this.#words);
    state[COUNTER_LO] = lo + 1;
    if (lo === -1) state[COUNTER_HI]! += 1;
    return this.#words;
  }
}

/** The top 52 of 64 bits as a fraction, exactly. */
export const unitOfWords = (hi: number, lo: number): number => ((hi >>> 0) * 2 ** 20 + (lo >>> 12)) * 2 ** -52;

const LOWEST = -1 + 2 ** -53;

/** √2 erfinv(v) with v uniform on (-1, 1) as JAX makes it from a fraction: `u (1 - low) + low`, low the float after -1. */
export function normalOfUnit(unit: number): number {
  return Math.SQRT2 * erfinv(unit * 2 + LOWEST);
}
