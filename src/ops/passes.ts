/** Switches of the algebra that changes how much work a model is: on by default, off to look for a fault or to compare. */

export interface Passes {
  /** Sums of squares and linear sums of expressions that are affine in few parameters become their sufficient statistics. */
  readonly summarise: boolean;
  /** Sums of log(1 + e^−|x|) become the logarithm of a product. */
  readonly logProducts: boolean;
  /** Sums over many small terms of one form, as a JavaScript loop over rows leaves them, become one expression over all rows. */
  readonly reroll: boolean;
  /** Recurrences of log weights, as in the forward algorithm, run over probabilities with a running scale. */
  readonly probabilitySpace: boolean;
  /** What the steps of a loop compute from their rows alone is computed for all rows before it. */
  readonly hoistRows: boolean;
  /** Elementary functions of data and single numbers are evaluated once for equal data. */
  readonly distinct: boolean;
  /** Loops that are linear recurrences in what they carry become recurrences by look-ahead and maps over all steps. */
  readonly recurrences: boolean;
  /** What long loops carry is computed again for their adjoints, where keeping it would take too much memory or where that was asked for. */
  readonly checkpoints: boolean;
  /** Loops over the same rows run together, a chunk of rows at a time, and long loop bodies become several short ones. */
  readonly chunks: boolean;
}

/** Everything on. */
export const allPasses: Passes = {
  summarise: true,
  logProducts: true,
  reroll: true,
  probabilitySpace: true,
  hoistRows: true,
  distinct: true,
  recurrences: true,
  checkpoints: true,
  chunks: true,
};

let current = allPasses;

/** The switches in force. */
export const passes = (): Passes => current;

/** Runs `body` with some switches set; undefined leaves one as it is. */
export function withPasses<T>(settings: Partial<Passes>, body: () => T): T {
  const before = current;
  const given = Object.entries(settings).filter(([, on]) => on !== undefined);
  current = { ...current, ...Object.fromEntries(given) };
  try {
    return body();
  } finally {
    current = before;
  }
}
