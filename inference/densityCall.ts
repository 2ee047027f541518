/** Calling a program as a density: the point into its memory, log density and gradient out, at the least cost. */

/** Where a program takes the point and leaves the log density followed by its gradient. */
export interface DensityMemory {
  readonly input: Float64Array;
  readonly output: Float64Array;
  readonly run: () => void;
}

export type ValueAndGrad = (x: Float64Array, grad: Float64Array) => number;

/** Up to so many numbers, copying them one by one in straight-line code beats a loop and a bulk copy. */
const straightLimit = 48;

/**
 * The function from a point and a gradient to be filled to the log density. For few coordinates the copies are written out, one
 * assignment a number, which halves the cost of a call; where code generation is forbidden they are bulk copies. The
 * function itself stays small, so that its callers take it in and no number is boxed on the way.
 *
 * @param refuse - called when an array has another length; it throws
 */
export function densityCall({ input, output, run }: DensityMemory, refuse: ValueAndGrad): ValueAndGrad {
  const n = input.length;
  const gradient = output.subarray(1);
  const fill = copier(n, "input[i] = other[i];", input) ?? ((x: Float64Array): void => input.set(x));
  const empty = copier(n, "other[i] = input[i];", gradient) ?? ((grad: Float64Array): void => grad.set(gradient));
  return (x, grad) => {
    if (x?.length !== n || grad?.length !== n) return refuse(x, grad);
    fill(x);
    run();
    empty(grad);
    return output[0]!;
  };
}

/** A function that repeats an assignment for every i below n; undefined for many, and where code may not be generated. */
function copier(n: number, assignment: string, input: Float64Array): ((other: Float64Array) => void) | undefined {
  if (n > straightLimit) return undefined;
  const lines = Array.from({ length: n }, (_, i) => assignment.replaceAll("[i]", `[${i}]`));
  try {
    return new Function("input", `return (other) => { ${lines.join("")} }`)(input) as (other: Float64Array) => void;
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    return undefined;
  }
}
