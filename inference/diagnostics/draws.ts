/** Anything shaped like a Tensor: a shape and its values in row-major order. */
export interface DrawsTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/**
 * Draws of one scalar quantity: nested arrays `[chain][draw]`, or a Tensor `[chains, draws]`.
 * A flat vector (or a Tensor `[draws]`) is one chain.
 */
export type Draws = readonly ArrayLike<number>[] | ArrayLike<number> | DrawsTensor;

/** Chains of equal length: the form that every diagnostic computes on. */
export type Chains = readonly Float64Array[];

const expected = "nested arrays [chain][draw] or a Tensor [chains, draws]";

function isTensor(draws: object): draws is DrawsTensor {
  return "shape" in draws && "data" in draws;
}

function chainFrom(values: ArrayLike<number>, caller: string, chain: number): Float64Array {
  if (!ArrayBuffer.isView(values)) {
    for (let i = 0; i < values.length; i++) {
      const type = typeof values[i];
      if (type !== "number" && type !== "boolean") {
        const found = values[i] === null || type !== "object" ? String(values[i]) : "an array or object";
        throw new TypeError(
          `${caller}: draw ${i} of chain ${chain} must be a number; got ${found}. Pass ${expected} of one scalar quantity.`,
        );
      }
    }
  }
  return Float64Array.from(values);
}

function rowsOf(draws: Draws, caller: string): ArrayLike<number>[] {
  if (isTensor(draws)) {
    const { shape, data } = draws;
    if (shape.length !== 1 && shape.length !== 2) {
      throw new RangeError(
        `${caller}: draws must have shape [chains, draws]; got [${shape.join(", ")}]. Pass one element at a time, or use summarise for all of them.`,
      );
    }
    const [chains, length] = shape.length === 1 ? [1, shape[0]] : [shape[0], shape[1]];
    if (data.length !== chains * length) {
      throw new RangeError(
        `${caller}: shape [${shape.join(", ")}] needs ${chains * length} values; data holds ${data.length}.`,
      );
    }
    return Array.from({ length: chains }, (_, c) => Array.prototype.slice.call(data, c * length, (c + 1) * length));
  }
  const first: unknown = draws[0];
  const isNested = typeof first === "object" && first !== null;
  return isNested ? Array.from(draws as readonly ArrayLike<number>[]) : [draws as ArrayLike<number>];
}

/**
 * Checks draws and copies them into chains.
 *
 * @param draws `[chain][draw]` nested arrays, a Tensor `[chains, draws]`, or a vector (one chain).
 * @param caller name of the function that a message should blame.
 * @throws TypeError if the input is not an array or holds something else than numbers;
 *   RangeError if it is empty, not of rank 1 or 2, or if its chains differ in length.
 *   NaN and infinite draws are no error here: a diagnostic of them is NaN.
 */
export function toChains(draws: Draws, caller: string): Float64Array[] {
  if (typeof draws !== "object" || draws === null || !(isTensor(draws) || "length" in draws)) {
    throw new TypeError(
      `${caller}: draws must be ${expected}; got ${draws === null || typeof draws !== "object" ? String(draws) : "an object without shape and data"}.`,
    );
  }
  const rows = rowsOf(draws, caller);
  rows.forEach((row, c) => {
    if (typeof row !== "object" || row === null || typeof row.length !== "number") {
      throw new TypeError(`${caller}: chain ${c} must be an array of numbers; got ${String(row)}. Pass ${expected}.`);
    }
  });
  const lengths = rows.map((row) => row.length);
  if (rows.length === 0 || lengths.every((length) => length === 0)) {
    throw new RangeError(`${caller}: there are no draws; got lengths [${lengths.join(", ")}]. Pass ${expected}.`);
  }
  if (lengths.some((length) => length !== lengths[0])) {
    throw new RangeError(
      `${caller}: chains must be of equal length; got lengths [${lengths.join(", ")}]. Cut every chain to ${Math.min(...lengths)} draws.`,
    );
  }
  return rows.map((row, c) => chainFrom(row, caller, c));
}

/** All draws in one array, chain after chain. */
export function pool(chains: Chains): Float64Array {
  const length = chains[0].length;
  const pooled = new Float64Array(chains.length * length);
  for (let c = 0; c < chains.length; c++) pooled.set(chains[c], c * length);
  return pooled;
}

/** All draws of all chains in ascending order. */
export function sortedDraws(chains: Chains): Float64Array {
  return pool(chains).sort();
}

/** @throws RangeError unless `0 ≤ probability ≤ 1`. */
export function checkProbability(probability: number, caller: string): void {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`${caller}: probability must lie in [0, 1]; got ${probability}. Write 5 % as 0.05.`);
  }
}
