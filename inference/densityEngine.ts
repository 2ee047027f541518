/** What evaluates a graph on a flat vector: a compiled program, or the interpreter where that is asked for or all there is. */
import type { compile as compileAll } from "../src/compiler/compile.ts";
import type { Compiled } from "../src/compiler/compileWith.ts";
import type { Node } from "../src/compiler/graph.ts";
import { interpret } from "../src/compiler/interpret.ts";
import { NotLoaded } from "../src/compiler/parts.ts";
import { NotCompilable } from "../src/compiler/placement.ts";
import { start } from "../src/compiler/program.ts";
import { simplify } from "../src/compiler/simplify.ts";
import { sizeOf } from "../src/tensor/shapes.ts";
import { features } from "../src/wasm/featureProbe.ts";

export interface DensityOptions {
  /** Run the reference evaluators instead of compiling: slow, and the same numbers up to the order of sums. Default false. */
  readonly interpret?: boolean;
}

/** `compile`, or what does the same for small programs and throws `NotLoaded` for others. */
export type Compile = typeof compileAll;

/** Runs a graph on the flat vector: compiled where possible. */
export interface Engine {
  readonly compiled: Compiled | undefined;
  readonly interpreted: string | undefined;
  /** The flat vector to fill in, and the outputs as one stretch. */
  readonly input: Float64Array;
  readonly output: Float64Array;
  run(): void;
}

/** The engine of a graph: its program, or the reference evaluators where there is none. */
export function makeEngine(
  outputs: readonly Node[],
  inputs: readonly Node[],
  options: DensityOptions,
  compile: Compile,
): Engine {
  if (options.interpret) return interpretedEngine(outputs, inputs, "asked for by the options");
  try {
    const compiled = compile(outputs, inputs);
    const { input, output, run } = start(compiled.program);
    return { compiled, interpreted: undefined, input, output, run };
  } catch (error) {
    if (error instanceof NotLoaded) throw error;
    // What the engine lacks is asked when it has failed: where it can run programs, it need not be tried first.
    const reason = error instanceof NotCompilable ? error.message : whyInterpret();
    if (reason === undefined) throw error;
    return interpretedEngine(outputs, inputs, reason);
  }
}

/** Why this engine cannot run programs, if it cannot. */
function whyInterpret(): string | undefined {
  const { webAssembly, simd } = features();
  if (!webAssembly) {
    return (
      "WebAssembly is not available: the engine has none, or the page's content security policy forbids it " +
      "(script-src 'wasm-unsafe-eval' would allow it)"
    );
  }
  return simd ? undefined : "the engine's WebAssembly has no SIMD";
}

function interpretedEngine(outputs: readonly Node[], inputs: readonly Node[], why: string): Engine {
  const simple = simplify(outputs, inputs);
  const flat = (nodes: readonly Node[]): Float64Array =>
    new Float64Array(nodes.reduce((n, x) => n + sizeOf(x.shape), 0));
  const input = flat(inputs);
  const output = flat(outputs);
  let at = 0;
  const views = inputs.map((x) => {
    const start = at;
    at += sizeOf(x.shape);
    return input.subarray(start, at);
  });
  return {
    compiled: undefined,
    interpreted: why,
    input,
    output,
    run() {
      let end = 0;
      for (const value of interpret(simple, inputs, views)) {
        output.set(value as ArrayLike<number>, end);
        end += value.length;
      }
    },
  };
}
