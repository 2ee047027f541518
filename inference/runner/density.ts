import type { Instance, Program } from "../../src/compiler/program.ts";
import type { Density } from "../mcmc/density.ts";

/** A density by the address of a module: `export` is a function that returns it when called with `args`. */
export interface DensityModule {
  readonly module: string;
  readonly export: string;
  readonly args?: readonly unknown[];
}

/** A density as plain data: a compiled program of one input and two outputs (value, gradient), or where to import it from. */
export type DensitySource = Program | DensityModule;

/**
 * Makes a density out of plain data, in whichever thread it is wanted.
 *
 * @throws when the module has no such function.
 */
export async function densityOf(source: DensitySource): Promise<Density> {
  if ("module" in source) return importDensity(source);
  const { instantiate } = await import("../../src/compiler/program.ts");
  return densityOfInstance(instantiate(source));
}

/** The position is copied into the instance's memory and the gradient out of it. */
function densityOfInstance(instance: Instance): Density {
  const position = instance.inputs[0] as Float64Array;
  const [value, gradient] = instance.outputs as readonly Float64Array[];
  return {
    dim: position.length,
    valueAndGrad(x, grad) {
      position.set(x);
      instance.run();
      grad.set(gradient);
      return value[0];
    },
  };
}

async function importDensity({ module, export: name, args = [] }: DensityModule): Promise<Density> {
  const exports: Record<string, unknown> = await import(/* @vite-ignore */ module);
  const make = exports[name];
  if (typeof make !== "function") {
    throw new Error(`Module ${module} has no function \`${name}\`. It exports: ${Object.keys(exports).join(", ")}.`);
  }
  return make(...args) as Density;
}
