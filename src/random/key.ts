/**
 * Random keys: where all randomness comes from. A key is a value; using it twice gives the same numbers twice, and
 * `split` and `foldIn` make independent keys from it. Keys and bits agree with JAX (jax_threefry_partitionable).
 */
import seedrandom from "seedrandom/seedrandom.js";
import { threefry2x32 } from "./threefry.ts";

/** 64 bits as two unsigned 32-bit words; plain data that survives structuredClone and JSON. */
export interface Key {
  readonly hi: number;
  readonly lo: number;
}

const TWO_TO_32 = 2 ** 32;
const words = new Uint32Array(2);

const isWord = (x: unknown): boolean => typeof x === "number" && x >>> 0 === x;

/** Whether `x` is a Key. */
export const isKey = (x: unknown): x is Key =>
  typeof x === "object" && x !== null && isWord((x as Partial<Key>).hi) && isWord((x as Partial<Key>).lo);

/**
 * The key of a seed. Integers in [0, 2^53] are used as they are, as `jax.random.PRNGKey` does; other numbers and all
 * strings are hashed with seedrandom.
 *
 * @throws TypeError when the seed is neither a finite number nor a string
 * @example key(42) // { hi: 0, lo: 42 }
 */
export function key(seed: number | string): Key {
  if (typeof seed === "string") return hash(seed);
  if (typeof seed !== "number" || !Number.isFinite(seed)) {
    throw new TypeError(
      `key: a seed is a finite number or a string, got ${describe(seed)}. Write key(0) or key("my run").`,
    );
  }
  return isCounter(seed) ? keyOfWords(seed / TWO_TO_32, seed) : hash(String(seed));
}

/**
 * `n` independent keys. Use a key for one thing: split it before drawing, not after.
 *
 * @param n - how many, default 2
 * @throws TypeError when `key` is no Key; RangeError when `n` is not a non-negative integer
 * @example
 * const [kx, ky] = split(key(0));
 * normal(kx, [3]); // unrelated to normal(ky, [3])
 */
export function split(key: Key, n = 2): Key[] {
  assertKey(key, "split");
  if (!Number.isInteger(n) || n < 0) {
    throw new RangeError(`split: the number of keys is ${n}, but must be a non-negative integer.`);
  }
  return Array.from({ length: n }, (_, i) => child(key, i));
}

/**
 * The key that `data` selects below `key`: deterministic, and independent for different data. For integers up to
 * 2^32 - 1 it is `jax.random.fold_in`; strings (site names, say) and other numbers are hashed with seedrandom.
 *
 * `foldIn(k, i)` is `split(k, n)[i]`: fold in or split, but do not do both with the same key.
 *
 * @throws TypeError when `key` is no Key, or `data` neither a finite number nor a string
 * @example foldIn(key(0), "theta")
 */
export function foldIn(key: Key, data: number | string): Key {
  assertKey(key, "foldIn");
  if (typeof data === "number" && isCounter(data)) return child(key, data);
  if (typeof data !== "string" && !(typeof data === "number" && Number.isFinite(data))) {
    throw new TypeError(`foldIn: the data is a finite number or a string, got ${describe(data)}.`);
  }
  const { hi, lo } = hash(String(data));
  threefry2x32(key.hi, key.lo, hi, lo, words);
  return { hi: words[0]!, lo: words[1]! };
}

/** `size` random unsigned 32-bit words, as `jax.random.bits(key, (size,), uint32)`. @throws TypeError when `key` is no Key. */
export function bits(key: Key, size: number): Uint32Array<ArrayBuffer> {
  assertKey(key, "bits");
  const out = new Uint32Array(size);
  for (let i = 0; i < size; i++) {
    threefry2x32(key.hi, key.lo, i / TWO_TO_32, i, words);
    out[i] = words[0]! ^ words[1]!;
  }
  return out;
}

/** `size` random unsigned 64-bit words, as `jax.random.bits(key, (size,), uint64)`. @throws TypeError when `key` is no Key. */
export function bits64(key: Key, size: number): BigUint64Array<ArrayBuffer> {
  assertKey(key, "bits64");
  const out = new BigUint64Array(size);
  for (let i = 0; i < size; i++) {
    threefry2x32(key.hi, key.lo, i / TWO_TO_32, i, words);
    out[i] = (BigInt(words[0]!) << 32n) | BigInt(words[1]!);
  }
  return out;
}

/** @throws TypeError that names the function `what` when `x` is no Key. */
export function assertKey(x: unknown, what: string): asserts x is Key {
  if (!isKey(x)) {
    throw new TypeError(`${what}: the first argument must be a Key, got ${describe(x)}. Make one from a seed: key(0).`);
  }
}

const isCounter = (x: number): boolean => Number.isInteger(x) && x >= 0 && x <= 2 ** 53;

const keyOfWords = (hi: number, lo: number): Key => ({ hi: hi >>> 0, lo: lo >>> 0 });

function child(key: Key, index: number): Key {
  threefry2x32(key.hi, key.lo, index / TWO_TO_32, index, words);
  return { hi: words[0]!, lo: words[1]! };
}

/**
 * Two words from seedrandom. It reads a seed as a cycle of characters modulo 256, to which "a" and "aa" are the same; the
 * length in front and UTF-8 keep all seeds apart.
 */
function hash(seed: string): Key {
  const bytes = encoder.encode(seed);
  const generator = seedrandom(`${bytes.length}:${String.fromCharCode(...bytes.subarray(0, CHUNK))}`);
  let hi = generator.int32();
  let lo = generator.int32();
  for (let start = CHUNK; start < bytes.length; start += CHUNK) {
    const more = seedrandom(`${hi} ${lo}:${String.fromCharCode(...bytes.subarray(start, start + CHUNK))}`);
    hi = more.int32();
    lo = more.int32();
  }
  return keyOfWords(hi, lo);
}

const encoder = new TextEncoder();
/** Bytes that fit, with the text in front of them, into seedrandom's 256-byte state without being folded over it. */
const CHUNK = 192;

function describe(x: unknown): string {
  if (typeof x === "string") return JSON.stringify(x);
  return x !== null && typeof x === "object"
    ? `an object with keys ${Object.keys(x).slice(0, 5).join(", ") || "(none)"}`
    : String(x);
}
