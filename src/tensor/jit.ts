/** Compiling a function of tensors: traced once for each structure and shape of its arguments, then run as a program. */

import { compile } from "../compiler/compile.ts";
import type { Node, TypedArray } from "../compiler/graph.ts";
import { interpret } from "../compiler/interpret.ts";
import { inputNode, isConstant, scalar } from "../compiler/node.ts";
import { NotCompilable } from "../compiler/placement.ts";
import { type Instance, instantiate } from "../compiler/program.ts";
import { allocate } from "../compiler/shapes.ts";
import { simplify, topological } from "../compiler/simplify.ts";
import { variable } from "../ops/broadcast.ts";
import { checkFunction } from "./arguments.ts";
import { describe } from "./describe.ts";
import { fromData, type Tensor, wrap } from "./tensor.ts";
import { asBody } from "./tracedBody.ts";
import { flattenTree, type TreeLike, type TreeStructure, unflattenTree } from "./tree.ts";

/** Values of the arguments' leaves in, values of the results' leaves out. */
type Run = (leaves: readonly Tensor[]) => Tensor[];

/** Every argument is a tree of its own: a list of numbers is not the list of arguments. */
function flattenArguments(args: readonly unknown[]): { leaves: Tensor[]; structure: TreeStructure } {
  const trees = args.map((arg, i) => flattenNamed(`argument ${i + 1}`, arg));
  const children = trees.map((tree) => tree.structure);
  return { leaves: trees.flatMap((tree) => tree.leaves), structure: { kind: "array", keys: [], children } };
}

function flattenNamed(what: string, tree: unknown): ReturnType<typeof flattenTree> {
  try {
    return flattenTree(tree);
  } catch (error) {
    throw new TypeError(`jit: ${what}: ${(error as Error).message}`, { cause: error });
  }
}

interface Compiled {
  readonly run: Run;
  readonly structure: TreeStructure;
}

/**
 * A compiled version of `f`. The leaves of all arguments are inputs of the program, so that other numbers of the same shapes
 * (the next minibatch) compile nothing; another structure, shape or dtype compiles once more. What `f` closes over is constant.
 *
 * Called with tensors that are being traced or differentiated, for example inside `grad`, or first called while it closes over one that is being
 * differentiated, it is `f` itself. Functions with an operation that has no compiled form are interpreted.
 *
 * @param f - a function of trees of tensors to a tree of tensors; it must not read values (`item`, `if (x > 0)`)
 * @throws Error when `f` reads the value of an argument, naming the line.
 * @example
 * const step = jit((w: Tensor, x: Tensor) => x.matmul(w).square().sum());
 * step([1, 2], [[3, 4]]).item(); // 121
 */
export function jit<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  ...none: readonly never[]
): (...args: { [K in keyof A]: TreeLike<A[K]> }) => R {
  checkFunction("jit((x, y) => x.add(y))", "the argument", f);
  if (none.length > 0)
    throw new TypeError(`jit: takes one function and has no options, got ${describe(none[0])} besides.`);
  const known = new Map<string, Compiled>();
  return (...args) => {
    const { leaves, structure } = flattenArguments(args);
    const plain = (): R => f(...(unflattenTree(structure, leaves) as unknown as A));
    if (!leaves.every((x) => isConstant(x.node))) return plain();
    const key = `${JSON.stringify(structure)} ${leaves.map((x) => `${x.dtype}[${x.shape}]`).join()}`;
    let compiled = known.get(key);
    if (!compiled) {
      compiled = traceAndCompile(f, leaves, structure);
      if (!compiled) return plain();
      known.set(key, compiled);
    }
    return unflattenTree(compiled.structure, compiled.run(leaves)) as R;
  };
}

/** Undefined when `f` closes over a variable of a derivative around it, which in a program would be a constant. */
function traceAndCompile<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  leaves: readonly Tensor[],
  structure: TreeStructure,
): Compiled | undefined {
  const { id: mark } = scalar(0);
  const inputs = leaves.map((x, i) => inputNode(x.shape, x.dtype, `argument ${i}`));
  const traced = unflattenTree(structure, inputs.map(wrap)) as unknown as A;
  const made: unknown = asBody("jit", () => f(...traced));
  if (made === undefined) {
    throw new TypeError(
      "jit: the function returns nothing; it has to return a tensor or a tree of tensors. Is a `return` missing?",
    );
  }
  const result = flattenNamed("what the function returns", made);
  const outputs = result.leaves.map((x) => x.node);
  if (topological(outputs).some((x) => x.op === variable && x.id < mark)) return undefined;
  return { structure: result.structure, run: runner(outputs, inputs) };
}

function runner(outputs: readonly Node[], inputs: readonly Node[]): Run {
  try {
    return compiledRun(instantiate(compile(outputs, inputs).program), outputs);
  } catch (error) {
    if (!(error instanceof NotCompilable)) throw error;
    const simple = simplify(outputs, inputs);
    return (leaves) =>
      interpret(
        simple,
        inputs,
        leaves.map((x) => x.data),
      ).map((value, i) => tensorOf(value, outputs[i]!));
  }
}

const compiledRun =
  ({ inputs, outputs: results, run }: Instance, outputs: readonly Node[]): Run =>
  (leaves) => {
    leaves.forEach((x, i) => {
      inputs[i]!.set(x.data);
    });
    run();
    return results.map((value, i) => tensorOf(value, outputs[i]!));
  };

/** A copy in the dtype of the node: the program's memory is used again by the next call. */
function tensorOf(value: TypedArray, { shape, dtype }: Node): Tensor {
  const data = allocate(dtype, value.length);
  data.set(value);
  return fromData(data, shape, dtype);
}
