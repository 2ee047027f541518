/** Compiled densities for a person to read. */
import { printProgram as printCompiled, printGraph } from "../src/compiler/print.ts";
import { simplify, topological } from "../src/compiler/simplify.ts";
import type { LogDensity } from "./modelDensity.ts";

/**
 * The compiled program of a log density for a person to read: every loop with its expressions and the lines of the model it comes from.
 * The graph, one operation a line, when the density is interpreted.
 *
 * @example
 * console.log(printProgram(logDensity(model, data)));
 */
export function printProgram({ graph: { compiled, outputs, inputs } }: LogDensity): string {
  return compiled ? printCompiled(compiled) : printGraph(topological(simplify(outputs, inputs)));
}
