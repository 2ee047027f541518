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
 * The function from a point and a gradient to be filled to the log density. For few coordinates it is written out, one
 * assignment a number, which halves the cost of a call; where code generation is forbidden it copies in a loop.
 *
 * @param refuse - called when an array has another length; it throws
 */
export function densityCall(memory: DensityMemory, refuse: ValueAndGrad): ValueAndGrad {
  const n = memory.input.length;
  if (n > straightLimit) return copying(memory, refuse);
  const each = (line: (i: number) => string): string => Array.from({ length: n }, (_, i) => line(i)).join("");
  try {
    const write = new Function(
      "input",
      "output",
      "run",
      "refuse",
      `return (x, grad) => {
        if (x?.length !== ${n} || grad?.length !== ${n}) return refuse(x, grad);
        ${each((i) => `input[${i}] = x[${i}];`)}
        run();
        ${each((i) => `grad[${i}] = output[${i + 1}];`)}
        return output[0];
      }`,
    );
    return write(memory.input, memory.output, memory.run, refuse) as ValueAndGrad;
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    return copying(memory, refuse);
  }
}

function copying({ input, output, run }: DensityMemory, refuse: ValueAndGrad): ValueAndGrad {
  const n = input.length;
  const gradient = output.subarray(1);
  return (x, grad) => {
    if (x?.length !== n || grad?.length !== n) return refuse(x, grad);
    input.set(x);
    run();
    grad.set(gradient);
    return output[0]!;
  };
}
