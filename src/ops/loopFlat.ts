/** Stretches of the flat cotangents of loops and branches, found where they were put together and not copied. */
import type { Node } from "../compiler/graph.ts";
import type { Segment } from "../compiler/loop.ts";
import { isConstant } from "../compiler/node.ts";
import { add, arithmeticOps } from "./arithmetic.ts";
import { broadcast, uniformValue } from "./broadcast.ts";
import { concat } from "./joins.ts";
import { broadcastTo, zerosNode } from "./map.ts";
import { reshape, slice } from "./shape.ts";

/** A stretch of a vector in the shape of its segment; undefined when it is known to be zero. */
export function segmentOf(flat: Node, { start, size, shape }: Segment): Node | undefined {
  const found = size === 0 ? undefined : stretch(flat, start, size);
  return found && reshape(found, shape);
}

function stretch(flat: Node, start: number, size: number): Node | undefined {
  if (uniformValue(flat) === 0) return undefined;
  if (flat.op === broadcast && flat.inputs[0]!.shape.every((n) => n === 1)) return broadcastTo(flat.inputs[0]!, [size]);
  if (start === 0 && size === flat.shape[0]) return flat;
  if (isConstant(flat) && flat.value!.subarray(start, start + size).every((x) => x === 0)) return undefined;
  if (flat.op === arithmeticOps.add) {
    const [a, b] = flat.inputs.map((x) => stretch(broadcastTo(x, flat.shape), start, size));
    return a && b ? add(a, b) : (a ?? b);
  }
  if (flat.op.lowering.kind === "pad" && (flat.attrs.steps as readonly number[])[0] === 1) {
    const [inner] = flat.inputs as [Node];
    const from = (flat.attrs.starts as readonly number[])[0]!;
    const to = from + inner.shape[0]!;
    if (start >= to || start + size <= from) return undefined;
    if (start >= from && start + size <= to) return stretch(inner, start - from, size);
  }
  if (flat.op.lowering.kind === "concat") return fromPieces(flat, start, size);
  return slice(flat, [start], [start + size]);
}

function fromPieces(flat: Node, start: number, size: number): Node | undefined {
  const parts: Node[] = [];
  let at = 0;
  let isZero = true;
  for (const piece of flat.inputs) {
    const n = piece.shape[0]!;
    const [from, to] = [Math.max(start - at, 0), Math.min(start + size - at, n)];
    at += n;
    if (from >= to) continue;
    const part = stretch(piece, from, to - from);
    if (part) isZero = false;
    parts.push(part ?? zerosNode({ shape: [to - from], dtype: flat.dtype }));
  }
  return isZero ? undefined : concat(parts, 0);
}
