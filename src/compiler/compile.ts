/** From outputs and inputs to a program. */
import { buildProduct } from "./buildProduct.ts";
import { type Compiled, compileWith } from "./compileWith.ts";
import type { Node } from "./graph.ts";
import { stripMine } from "./strips.ts";

export type { Compiled } from "./compileWith.ts";

/**
 * Compiles the graph between inputs and outputs to one WebAssembly program.
 * @throws NotCompilable when an operation has no compiled form; the interpreter runs such graphs.
 */
export function compile(outputs: readonly Node[], inputs: readonly Node[]): Compiled {
  return compileWith({ buildProduct, stripMine }, outputs, inputs);
}
