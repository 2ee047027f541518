/** Closed graphs that a loop or a branch runs: data of a node, with a printed form as their identity. */
import type { Node, TypedArray } from "./graph.ts";
import { isConstant } from "./node.ts";
import { topological } from "./simplify.ts";

/** Arrays of at most this many numbers are part of a printed graph; larger ones are told apart by identity. */
const printedLength = 64;

/** A graph between inputs of its own and outputs. It depends on nothing else. */
export class Body {
  readonly inputs: readonly Node[];
  readonly outputs: readonly Node[];
  #key: string | undefined;
  #order: readonly Node[] | undefined;

  constructor(inputs: readonly Node[], outputs: readonly Node[]) {
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /** Nodes between inputs and outputs, inputs first. */
  get order(): readonly Node[] {
    this.#order ??= topological(this.outputs);
    return this.#order;
  }

  /** The graph in print, with nodes numbered from its own first: equal for graphs that compute the same in the same way. */
  get key(): string {
    this.#key ??= printed(this);
    return this.#key;
  }

  /** Attributes are compared by their JSON. */
  toJSON(): string {
    return this.key;
  }

  /** A function from values of the inputs to values of the outputs, by the reference evaluators. */
  evaluator(): (values: readonly TypedArray[]) => TypedArray[] {
    const place = new Map<Node, number>(this.inputs.map((x, i) => [x, i]));
    const known: (TypedArray | undefined)[] = this.inputs.map(() => undefined);
    const steps: { readonly node: Node; readonly args: readonly number[]; readonly at: number }[] = [];
    for (const node of this.order) {
      if (place.has(node)) continue;
      place.set(node, known.length);
      known.push(isConstant(node) ? node.value : undefined);
      if (isConstant(node)) continue;
      steps.push({ node, args: node.inputs.map((x) => place.get(x)!), at: known.length - 1 });
    }
    const results = this.outputs.map((x) => place.get(x)!);
    return (values) => {
      values.forEach((x, i) => {
        known[i] = x;
      });
      for (const { node, args, at } of steps) {
        const inputs = args.map((i, k) => {
          const { shape, dtype } = node.inputs[k]!;
          return { shape, dtype, data: known[i]! };
        });
        known[at] = node.op.evaluate(inputs, node.attrs, node);
      }
      return results.map((i) => known[i]!);
    };
  }
}

function printed({ inputs, outputs, order }: Body): string {
  const number = new Map<Node, number>();
  const lines: string[] = [];
  const add = (node: Node, text: string): void => {
    number.set(node, number.size);
    lines.push(text);
  };
  for (const x of inputs) add(x, `input ${typeText(x)}`);
  for (const node of order) {
    if (number.has(node)) continue;
    if (node.op.name === "constant") add(node, `${typeText(node)} ${constantText(node)}`);
    else
      add(
        node,
        `${node.op.name}(${node.inputs.map((x) => number.get(x) ?? `${typeText(x)} ${constantText(x)}`)}) ${typeText(node)} ${JSON.stringify(node.attrs)}`,
      );
  }
  return [...lines, `-> ${outputs.map((x) => number.get(x))}`].join("; ");
}

const typeText = (x: Node): string => `${x.dtype}[${x.shape}]`;

/** What a constant is: its values, or which array. */
function constantText(node: Node): string {
  const { value } = node;
  if (!value) return `#${node.id}`;
  return value.length <= printedLength
    ? `{${Array.from(value, (x) => (Object.is(x, -0) ? "-0" : x))}}`
    : `#${node.op.name === "constant" ? node.id : `${typeText(node.inputs[0]!)} ${constantText(node.inputs[0]!)}`}`;
}
