/**
 * Switches of what changes how much work a model is: on by default, off to look for a fault or to compare with the plain program.
 *
 * Ambient, because the algebra has no options to pass along: most passes act while a model is traced (`summarise`, `logProducts`), some
 * before its derivatives are taken (`reroll`, `probabilitySpace`), others when a graph is compiled (`hoistRows`, `distinct`,
 * `recurrences`, `checkpoints`), and `chunks` on the schedule. Every pass gives an equal expression or leaves what it was given.
 */

export interface Passes {
  /**
   * Sums of squares and linear sums of expressions that are affine in few parameters become their sufficient statistics
   * (`ops/summarise.ts`); sums of costly functions take as many as there are distinct rows (`ops/distinctRowSums.ts`).
   * Refuses designs that are not data, and where fewer operations would not be left.
   */
  readonly summarise: boolean;
  /**
   * Sums of log(1 + e^−|x|) and of log x become the logarithm of a product (`ops/logProduct.ts`). Refuses short sums, and the bodies
   * of loops.
   */
  readonly logProducts: boolean;
  /**
   * Sums over many small terms of one form, as a JavaScript loop over rows leaves them, become one expression over all rows
   * (`ops/reroll.ts`). Refuses sums of few terms; states of recurrences stay as they are.
   */
  readonly reroll: boolean;
  /**
   * Recurrences of log weights, as in the forward algorithm, run over probabilities with a running scale
   * (`ops/probabilitySpace.ts`). Refuses scans whose log weights are used in another way than by a final log Σ exp.
   */
  readonly probabilitySpace: boolean;
  /**
   * What the steps of a loop compute from their rows alone is computed for all rows before it (`ops/loopHoist.ts`). Refuses
   * what is cheap, and what would be much larger than the rows it comes from.
   */
  readonly hoistRows: boolean;
  /**
   * Elementary functions of data and single numbers are evaluated once for equal data (`ops/distinct.ts`). Refuses small
   * arrays, and data of which too few are equal.
   */
  readonly distinct: boolean;
  /**
   * Loops that are linear recurrences in what they carry become recurrences by look-ahead and maps over all steps
   * (`ops/loopSplit.ts`). Refuses loops of few steps or of unknown length, and carries that are not linear in themselves.
   */
  readonly recurrences: boolean;
  /**
   * What long loops carry is computed again for their adjoints (`ops/loopCheckpoint.ts`). Refuses where it fits memory, unless it
   * was asked for, and records that something else than the adjoint reads.
   */
  readonly checkpoints: boolean;
  /**
   * Loops over the same rows run together, a chunk of rows at a time (`strips.ts`), and long loop bodies become several short
   * ones (`splitNest.ts`). Refuses what needs a completed sum over the rows, and short loops.
   */
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
