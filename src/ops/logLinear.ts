/**
 * Expressions that are linear in e^x for a vector x of log weights, found through any way of writing them: elements of x plus
 * other numbers, and logarithms of sums of exponentials of such.
 */
import type { Node, Shape } from "../compiler/graph.ts";
import { apply, constantNode, isConstant, scalar } from "../compiler/node.ts";
import { eachOffset, reducedStrides, sizeOf } from "../compiler/shapes.ts";
import { add, neg } from "./arithmetic.ts";
import { uniformValue } from "./broadcast.ts";
import { elementaryOps, logaddexp } from "./elementary.ts";
import { take } from "./indexing.ts";
import { concat, stack } from "./joins.ts";
import { asLogSumExp } from "./logSumExp.ts";
import { broadcastTo } from "./map.ts";
import { expandDims, reshape, transpose } from "./shape.ts";

/** Every element is one of x and numbers that do not depend on x. */
interface Elements {
  readonly kind: "elements";
  readonly shape: Shape;
  /** Which element of x; −1: none, it is −∞. */
  readonly index: Float64Array;
  readonly terms: readonly Node[];
}
/** Every element n is log Σᵢ exp(xᵢ + weights[n, i]), and numbers that do not depend on x. */
interface Sums {
  readonly kind: "sums";
  readonly shape: Shape;
  readonly weights: Node;
  readonly terms: readonly Node[];
}
type Form = Elements | Sums;

/** y = log Σᵢ exp(xᵢ + weights[n, i]) + offset[n], both free of x; for y and x as vectors. */
export interface LogLinear {
  readonly weights: Node;
  readonly offset: Node | undefined;
}

/** Sums over more numbers are not taken together when each is over few of them: the matrix would be mostly empty. */
const mostStates = 8;

/** A node as log-linear in `x`, or undefined when it is not. */
export function logLinear(node: Node, x: Node): LogLinear | undefined {
  const form = new Reader(x).read(node);
  if (!form || form === "free") return undefined;
  const sums = form.kind === "sums" ? form : toSums(form, sizeOf(x.shape));
  if (!sums) return undefined;
  const offset = sums.terms.length > 0 ? reshape(sumOf(sums, sums.shape), [-1]) : undefined;
  return { weights: sums.weights, offset };
}

class Reader {
  readonly #x: Node;
  readonly #known: Map<Node, Form | "free" | undefined> = new Map();

  constructor(x: Node) {
    this.#x = x;
  }

  /** What a node is: free of x, a form of it, or neither. */
  read(node: Node): Form | "free" | undefined {
    if (!this.#known.has(node)) this.#known.set(node, this.#form(node));
    return this.#known.get(node);
  }

  #form(node: Node): Form | "free" | undefined {
    if (node === this.#x)
      return {
        kind: "elements",
        shape: node.shape,
        index: Float64Array.from({ length: sizeOf(node.shape) }, (_, i) => i),
        terms: [],
      };
    if (isConstant(node) || node.inputs.length === 0) return "free";
    const inner = asLogSumExp(node);
    if (inner) {
      const form = this.read(inner.x);
      if (form && form !== "free")
        return form.kind === "elements" ? this.#sum(form, inner.axes, node.shape) : undefined;
    }
    const forms = node.inputs.map((input) => this.read(input));
    if (forms.every((f) => f === "free")) return "free";
    if (forms.some((f) => f === undefined)) return undefined;
    const [a, b] = forms as [Form | "free", Form | "free"];
    const [left, right] = node.inputs as [Node, Node];
    if (node.op.name === "add") return a === "free" ? plus(b, left, node.shape) : plus(a, right, node.shape);
    if (node.op.name === "sub") return plus(a, neg(right), node.shape);
    if (node.op === elementaryOps.logaddexp) return this.#pair(a, b, node.shape);
    return moved(node, forms as (Form | "free")[]);
  }

  #sum(form: Elements, axes: readonly number[], shape: Shape): Form | undefined {
    const size = sizeOf(shape);
    const members: number[][] = Array.from({ length: size }, () => []);
    eachOffset(form.shape, reducedStrides(form.shape, axes), 0, (out, i) => members[out]!.push(i));
    const states = sizeOf(this.#x.shape);
    if (states > mostStates && members[0]!.length < states) return undefined;
    const rank = form.shape.length;
    const isFlat = (t: Node): boolean => axes.every((d) => (t.shape[d - rank + t.shape.length] ?? 1) === 1);
    const outside = form.terms.filter(isFlat).map((t) => {
      const lead = rank - t.shape.length;
      const kept = t.shape.filter((_, d) => !axes.includes(d + lead));
      return reshape(t, kept);
    });
    const inside = form.terms.filter((t) => !isFlat(t)).map((t) => broadcastTo(t, form.shape));
    const weights = matrix(form, members, inside, states);
    return weights && { kind: "sums", shape, weights, terms: outside };
  }

  #pair(a: Form | "free", b: Form | "free", shape: Shape): Form | undefined {
    if (a === "free" || b === "free") return undefined;
    if (a.kind === "elements" && b.kind === "elements") {
      const [left, right] = [a, b].map((f) => whole(f, shape)) as [Elements, Elements];
      const index = new Float64Array(2 * left.index.length);
      left.index.forEach((k, i) => {
        index[2 * i] = k;
        index[2 * i + 1] = right.index[i]!;
      });
      const terms = [stack([sumOf(left, shape), sumOf(right, shape)], shape.length)];
      const both = this.#sum({ kind: "elements", shape: [...shape, 2], index, terms }, [shape.length], shape);
      if (both) return both;
    }
    const states = sizeOf(this.#x.shape);
    const [left, right] = [a, b].map((f) => dense(whole(f, shape), states));
    return left && right && { kind: "sums", shape, weights: logaddexp(left, right), terms: [] };
  }
}

/** A form and numbers added to it. */
function plus(form: Form | "free", term: Node, shape: Shape): Form | undefined {
  if (form === "free" || term.dtype !== "float64") return undefined;
  const stretched = whole(form, shape);
  return stretched && { ...stretched, terms: [...stretched.terms, term] };
}
/** Stretched to a shape. */
function whole<F extends Form>(form: F, shape: Shape): F | undefined {
  if (`${form.shape}` === `${shape}`) return form;
  if (form.kind === "sums") return undefined;
  return { ...form, shape, index: broadcastTo(numbers(form.index, form.shape), shape).value as Float64Array };
}
const numbers = (data: Float64Array, shape: Shape): Node => constantNode(data, shape, "float64");
/** The numbers of a form that are free of x, as one tensor. */
const sumOf = (form: Form, shape: Shape): Node =>
  broadcastTo(form.terms.length > 0 ? form.terms.reduce(add) : scalar(0), shape);

/** Forms whose elements an operation moves about. */
function moved(node: Node, forms: readonly (Form | "free")[]): Form | undefined {
  const { kind } = node.op.lowering;
  const [first] = forms as [Form | "free"];
  if (kind === "concat") return joined(node, forms);
  const isMove = kind === "view" || kind === "reshape" || kind === "identity" || kind === "gather";
  if (!isMove || first === "free" || forms.slice(1).some((f) => f !== "free")) return undefined;
  const rest = node.inputs.slice(1);
  if (rest.some((x) => !isConstant(x))) return undefined;
  const through = (x: Node): Node => apply(node.op, [broadcastTo(x, first.shape), ...rest], node.attrs);
  if (first.kind === "elements") {
    const index = through(numbers(first.index, first.shape)).value as Float64Array;
    return { kind: "elements", shape: node.shape, index, terms: first.terms.map(through) };
  }
  return kind === "reshape" ? { ...first, shape: node.shape, terms: first.terms.map(through) } : undefined;
}

function joined(node: Node, forms: readonly (Form | "free")[]): Form | undefined {
  const parts = forms.map((f, i): Form | undefined => {
    if (f !== "free") return f;
    const { shape } = node.inputs[i]!;
    return uniformValue(node.inputs[i]!) === -Infinity || node.inputs[i]!.value?.every((v) => v === -Infinity)
      ? { kind: "elements", shape, index: new Float64Array(sizeOf(shape)).fill(-1), terms: [] }
      : undefined;
  });
  if (parts.some((f) => f === undefined)) return undefined;
  const all = parts as Form[];
  const terms = all.some((f) => f.terms.length > 0)
    ? [
        apply(
          node.op,
          all.map((f) => sumOf(f, f.shape)),
          node.attrs,
        ),
      ]
    : [];
  if (all.every((f) => f.kind === "elements")) {
    const index = apply(
      node.op,
      all.map((f) => numbers((f as Elements).index, f.shape)),
      node.attrs,
    );
    return { kind: "elements", shape: node.shape, index: index.value as Float64Array, terms };
  }
  // Rows of weights follow each other as the elements do when nothing lies before the axis.
  if (!all.every((f) => f.kind === "sums") || node.shape.slice(0, node.attrs.axis as number).some((n) => n !== 1))
    return undefined;
  return {
    kind: "sums",
    shape: node.shape,
    weights: concat(
      all.map((f) => (f as Sums).weights),
      0,
    ),
    terms,
  };
}

/** weights[n, i]: what is added to xᵢ in sum n; −∞ where the sum does not have it, undefined when one has it twice. */
function matrix(
  form: Elements,
  members: readonly (readonly number[])[],
  inside: readonly Node[],
  states: number,
): Node | undefined {
  const n = members.length;
  const nowhere = form.index.length;
  const places = new Int32Array(n * states).fill(nowhere);
  for (const [out, group] of members.entries()) {
    for (const i of group) {
      const state = form.index[i]!;
      if (state < 0) continue;
      if (places[out * states + state] !== nowhere) return undefined;
      places[out * states + state] = i;
    }
  }
  const numbersInside = broadcastTo(inside.length > 0 ? inside.reduce(add) : scalar(0), form.shape);
  const isAt = (place: (out: number, state: number) => number): boolean =>
    places.every((i, at) => i === place(Math.floor(at / states), at % states));
  if (isAt((out, state) => out * states + state)) return reshape(numbersInside, [n, states]);
  if (isAt((out, state) => state * n + out)) return transpose(reshape(numbersInside, [states, n]));
  const known = concat([reshape(numbersInside, [-1]), broadcastTo(scalar(-Infinity), [1])], 0);
  return reshape(take(known, constantNode(places, [places.length], "int32")), [n, states]);
}

/** Elements as sums of one. */
function toSums(form: Elements, states: number): Sums | undefined {
  const members = Array.from(form.index, (_, i) => [i]);
  const weights = matrix(form, members, [], states);
  return weights && { kind: "sums", shape: form.shape, weights, terms: form.terms };
}
/** All numbers of a form within its weights. */
function dense(form: Form | undefined, states: number): Node | undefined {
  const sums = form?.kind === "elements" ? toSums(form, states) : form;
  return sums && add(sums.weights, expandDims(reshape(sumOf(sums, sums.shape), [-1]), 1));
}
