/** Linear recurrences of the first order, which loops become when a program is compiled: see src/ops/loopSplit.ts. */
import type { Node, Op } from "../compiler/graph.ts";
import { apply } from "../compiler/node.ts";
import { recurrenceKernel } from "../wasm/kernels/recurrence.ts";

const recurrenceOp: Op = {
  name: "recurrence",
  infer: (inputs) => ({ shape: [inputs[2]!.shape[0]! + 1], dtype: "float64" }),
  evaluate: ([init, a, u], { reverse, resets }) => {
    const n = u!.data.length;
    const out = new Float64Array(n + 1);
    let value = init!.data[0]!;
    out[reverse ? n : 0] = value;
    for (let step = 0; step < n; step++) {
      const i = reverse ? n - 1 - step : step;
      const factor = a!.data[a!.data.length === 1 ? 0 : i]!;
      value = resets && Object.is(factor, -0) ? u!.data[i]! : u!.data[i]! + factor * value;
      out[reverse ? i : i + 1] = value;
    }
    return out;
  },
  lowering: {
    kind: "kernel",
    call: ({ inputs, attrs }) => ({
      kernel: recurrenceKernel({
        varying: inputs[1]!.shape.length === 1,
        reverse: attrs.reverse === true,
        resets: attrs.resets === true,
      }),
      dims: [inputs[2]!.shape[0]!],
    }),
  },
};

/**
 * All values of c ← a c + u, beginning with `init`, for the elements of the vector `u` and one coefficient or a vector of them. There is
 * one more value than there are terms: value i is the one before term i; in `reverse`, where terms are taken from the last to the first, after it.
 * With `resets` a coefficient −0 says that c becomes u whatever it was, where 0 · ∞ would be NaN.
 */
export const recurrence = (
  init: Node,
  a: Node,
  u: Node,
  attrs: { readonly reverse: boolean; readonly resets: boolean },
): Node => apply(recurrenceOp, [init, a, u], attrs);
