/** Which carried values of a loop move when some of its inputs do. */
import type { Node } from "../compiler/graph.ts";
import type { LoopAttrs } from "../compiler/loop.ts";
import type { Body } from "../compiler/loopBody.ts";

/** Which outputs of a body depend on some of its inputs. */
function outputsFrom(body: Body, inputs: ReadonlySet<Node>): boolean[] {
  const depends = new Set<Node>(inputs);
  // Derivatives do not pass through truth values and integers, nor where they are stopped.
  const passes = (node: Node): boolean => node.dtype.startsWith("float") && node.op.name !== "stopGradient";
  for (const node of body.order) if (passes(node) && node.inputs.some((x) => depends.has(x))) depends.add(node);
  return body.outputs.map((x) => depends.has(x));
}

/** Carried values that move with those inputs of the loop that do. */
export function moving({ body, carries }: LoopAttrs, moves: (input: number) => boolean): Set<number> {
  const found = new Set<number>();
  for (;;) {
    const inputs = new Set(body.inputs.filter((_, i) => (i < carries ? found.has(i) : moves(i))));
    const more = outputsFrom(body, inputs).flatMap((is, k) => (k < carries && (is || moves(k)) ? [k] : []));
    const before = found.size;
    for (const k of more) found.add(k);
    if (found.size === before) return found;
  }
}
