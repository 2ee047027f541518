/** Densities from plain data, in whichever thread they are wanted. */
import { type Instance, instantiate, type Program } from "../../src/compiler/program.ts";
import { densityCall } from "../densityCall.ts";
import type { Density } from "../mcmc/density.ts";

/** A density by the address of a module: `export` is a function that returns it when called with `args`. */
export interface DensityModule {
  readonly module: string;
  readonly export: string;
  readonly args?: readonly unknown[];
}

/** A density as plain data: a compiled program from the position to log density and gradient, or where to import it from. */
export type DensitySource = Program | DensityModule;

/**
 * Makes a density out of plain data, in whichever thread it is wanted.
 *
 * @throws when the program has other outputs, or the module has no such function.
 */
export async function densityOf(source: DensitySource | Density): Promise<Density> {
  if (isLive(source)) return source;
  return "module" in source ? importDensity(source) : densityOfInstance(instantiate(source));
}

/** Whether it is a density already, which cannot leave its thread. */
export const isLive = (source: DensitySource | Density): source is Density => "valueAndGrad" in source;

/** The inputs, end to end, are the position; the outputs, end to end, the log density and its gradient. */
function densityOfInstance({ input, output, run }: Instance): Density {
  const dim = input.length;
  if (output.length !== dim + 1) {
    throw new Error(
      `A program with inputs of ${dim} numbers in all is a density when its outputs have ${dim + 1}, the log density and its gradient; ` +
        `this one has ${output.length}. Compile value and gradient together.`,
    );
  }
  const valueAndGrad = densityCall({ input, output, run }, (x, grad) => {
    throw new RangeError(
      `A density over ${dim} coordinates was called with ${x?.length} and a gradient of ${grad?.length}.`,
    );
  });
  return { dim, valueAndGrad };
}

async function importDensity({ module, export: name, args = [] }: DensityModule): Promise<Density> {
  const exports: Record<string, unknown> = await import(/* @vite-ignore */ module);
  const make = exports[name];
  if (typeof make !== "function") {
    throw new Error(`Module ${module} has no function \`${name}\`. It exports: ${Object.keys(exports).join(", ")}.`);
  }
  return make(...args) as Density;
}
