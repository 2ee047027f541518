/** Compiled densities for a person to read. */
import { printProgram as printCompiled, printGraph } from "../src/compiler/print.ts";
import { simplify, topological } from "../src/compiler/simplify.ts";
import { describe } from "../src/tensor/describe.ts";
import type { LogDensity } from "./modelDensity.ts";

/**
 * The compiled program of a log density for a person to read: every loop with its expressions and the lines of the model it comes from.
 * The graph, one operation a line, when the density is interpreted.
 *
 * @throws TypeError for anything else, for example a function made by `jit`.
 * @example
 * console.log(printProgram(logDensity(model, data)));
 */
export function printProgram(ld: LogDensity): string {
  if (!(ld as Partial<LogDensity> | undefined)?.graph) {
    throw new TypeError(
      `printProgram: takes a log density, as in printProgram(logDensity(model, data)), got ${describe(ld)}.`,
    );
  }
  const { compiled, outputs, inputs } = ld.graph;
  return compiled ? printCompiled(compiled) : printGraph(topological(simplify(outputs, inputs)));
}
