/** Why a log density or its gradient is not finite at a point: the site, what is wrong with it, the operation and its line. */

import type { Distribution } from "../distributions/distribution.ts";
import type { Node, TypedArray } from "../src/compiler/graph.ts";
import { isConstant } from "../src/compiler/node.ts";
import { broadcastStrides, eachOffset, indexAt } from "../src/compiler/shapes.ts";
import { topological } from "../src/compiler/simplify.ts";
import { type SampleSite, siteLabel } from "../src/effects/message.ts";
import { formatShape, sizeOf } from "../src/tensor/shapes.ts";
import { fromData, type Shape, type Tensor } from "../src/tensor/tensor.ts";
import type { DensityGraph, LogDensity } from "./modelDensity.ts";

type ValueOf = (x: Tensor | Node) => TypedArray;

/** Whether all sites have finite values at the point: where they do not, it is the sampler that went too far. */
const sitesAreFinite = ({ graph }: LogDensity, x: Float64Array): boolean => {
  const valueOf = evaluator(graph, x);
  return graph.latents.every(({ value }) => valueOf(value).every(Number.isFinite));
};

/** What `whyNotFinite` says of a point with as many coordinates as the density has. */
export function reasonAt(ld: LogDensity, x: Float64Array): string | undefined {
  const valueOf = evaluator(ld.graph, x);
  const parts = [
    ...ld.graph.terms.map(({ site, logProb }) => ({
      what: `${siteLabel(site)} has log density`,
      node: logProb.node,
      site,
    })),
    ...ld.graph.latents.map(({ name, logJacobian }) => ({
      what: `the transform of sample site "${name}" has log-Jacobian`,
      node: logJacobian.node,
      site: undefined,
    })),
  ];
  const part =
    parts.find(({ node }) => valueOf(node).some(Number.isNaN)) ?? parts.find(({ node }) => hasBad(valueOf(node)));
  if (part !== undefined) {
    const at = firstBad(valueOf(part.node));
    const complaint = part.site?.kind === "sample" ? complaintOf(part.site, valueOf) : undefined;
    const reasons = [complaint, account(part.node, at, valueOf, complaint !== undefined)].filter(
      (r) => r !== undefined,
    );
    return `${part.what} ${valueOf(part.node)[at]}${indexText(at, part.node.shape)}: ${reasons.join("; ")}.`;
  }
  let coordinate = 0;
  for (const node of ld.graph.outputs.slice(1)) {
    const value = valueOf(node);
    if (!hasBad(value)) {
      coordinate += value.length;
      continue;
    }
    const at = firstBad(value);
    const reason = account(node, at, valueOf) ?? "it is infinite";
    return `the gradient with respect to ${ld.names[coordinate + at]} is ${value[at]}: ${reason}.`;
  }
  return undefined;
}

/** The density, which throws where it is NaN or its gradient is not finite, unless the point itself is too far out to have finite values. */
export function watched(ld: LogDensity): LogDensity {
  const valueAndGrad = (x: Float64Array, grad: Float64Array): number => {
    const value = ld.valueAndGrad(x, grad);
    if (Math.abs(value) === Infinity || (!Number.isNaN(value) && grad.every(Number.isFinite))) return value;
    if (!x.every(Number.isFinite))
      throw new RangeError(`The point is not finite: ${ld.names[x.findIndex((v) => !Number.isFinite(v))]}.`);
    if (!sitesAreFinite(ld, x)) return value;
    const at = ld.names.slice(0, 4).map((name, i) => `${name} = ${x[i]!.toPrecision(4)}`);
    const why = reasonAt(ld, x) ?? `the compiled log density is ${value}, the interpreted one is finite.`;
    throw new RangeError(`debugNans: ${why}\nUnconstrained coordinates: ${at.join(", ")}${x.length > 4 ? ", …" : ""}.`);
  };
  const scratch = new Float64Array(ld.dim);
  return { ...ld, valueAndGrad, value: (x) => valueAndGrad(x, scratch) };
}

const isBad = (v: number): boolean => !Number.isFinite(v);
const hasBad = (values: TypedArray): boolean => values.some(isBad);
/** The first NaN, else the first infinity. */
const firstBad = (values: TypedArray): number => {
  const missing = values.findIndex(Number.isNaN);
  return missing >= 0 ? missing : values.findIndex(isBad);
};

/** Values of all nodes of the graph at a point, by the reference evaluators. */
function evaluator({ inputs, terms, latents, outputs }: DensityGraph, x: Float64Array): ValueOf {
  const values = new Map<Node, TypedArray>();
  // The terms are over the inputs of their sites, the gradient over those of the program.
  for (const each of [inputs, latents.map((latent) => latent.input)]) {
    let start = 0;
    for (const input of each) {
      const end = start + sizeOf(input.shape);
      values.set(input, x.slice(start, end));
      start = end;
    }
  }
  const compute = (target: Node): TypedArray => {
    const found = values.get(target);
    if (found !== undefined) return found;
    for (const node of topological([target])) {
      if (values.has(node)) continue;
      const args = node.inputs.map((from) => ({ shape: from.shape, dtype: from.dtype, data: values.get(from)! }));
      values.set(node, isConstant(node) ? node.value! : node.op.evaluate(args, node.attrs, node));
    }
    return values.get(target)!;
  };
  for (const node of [
    ...terms.map((t) => t.logProb.node),
    ...latents.map((l) => l.logJacobian.node),
    ...outputs.slice(1),
  ])
    compute(node);
  return (target) => compute("node" in target ? target.node : target);
}

/** What validation would say of the distribution's arguments and the value, were they constants; one sentence. */
function complaintOf(site: SampleSite, valueOf: ValueOf): string | undefined {
  const known = (t: Tensor): Tensor => fromData(valueOf(t), t.shape, t.dtype);
  let distribution = site.distribution as Distribution;
  let comparable = site.mask === undefined;
  while (distribution.base !== undefined) {
    // Masked entries may hold anything, and values of a transformed distribution are not those of its base.
    comparable &&= distribution.name === "Independent";
    distribution = distribution.base;
  }
  try {
    const args = Object.fromEntries(Object.entries(distribution.args).map(([name, value]) => [name, known(value)]));
    const plain = distribution.withArguments(args);
    if (comparable) plain.checkObservation(known(site.value), site.name);
    return undefined;
  } catch (error) {
    return error instanceof RangeError ? firstSentence(error.message).replace(`site "${site.name}": `, "") : undefined;
  }
}

const firstSentence = (text: string): string => text.split(/\.\s/)[0]!.replace(/ \(argument .*\)$/, "");

/**
 * Which operation made element `at` of a node what it is, from what, and on which line; undefined when nothing is known.
 *
 * @param explained - that a value is outside of the support has been said
 */
function account(node: Node, at: number, valueOf: ValueOf, explained = false): string | undefined {
  const { node: culprit, at: element } = follow(node, at, valueOf);
  if (culprit.inputs.length === 0) return undefined;
  const line = culprit.origin?.line ?? node.origin?.line;
  if (explained && culprit.op.name === "where") return line === undefined ? undefined : `the line is ${line}`;
  const place = line === undefined ? "" : `, at ${line}`;
  return `${culprit.op.name} gave ${valueOf(culprit)[element]}${sources(culprit, element, valueOf)}${place}`;
}

/** Goes from a bad element towards the inputs, as long as one of them is as bad. */
function follow(node: Node, at: number, valueOf: ValueOf): { node: Node; at: number } {
  let here = { node, at };
  while (true) {
    const bad = valueOf(here.node)[here.at]!;
    const next = candidates(here.node, here.at, valueOf).find(({ node: from, at: i }) => {
      const value = valueOf(from)[i];
      return value !== undefined && !isConstant(from) && isBad(value) && (Number.isNaN(value) || !Number.isNaN(bad));
    });
    if (next === undefined) return here;
    here = next;
  }
}

/** Elements of the inputs that an element is made of: that element for elementwise operations, else the worst of each input. */
function candidates(node: Node, at: number, valueOf: ValueOf): { node: Node; at: number }[] {
  if (node.op.lowering.kind !== "map")
    return node.inputs.map((from) => ({ node: from, at: Math.max(firstBad(valueOf(from)), 0) }));
  const elements = node.inputs.map((from) => ({ node: from, at: offsetIn(from.shape, node.shape, at) }));
  if (node.op.name !== "where") return elements;
  const [condition, yes, no] = elements;
  return [valueOf(condition!.node)[condition!.at] ? yes! : no!];
}

/** Where element `at` of the broadcast shape is found in an array of another shape. */
function offsetIn(from: Shape, to: Shape, at: number): number {
  if (sizeOf(from) === 1) return 0;
  let found = 0;
  eachOffset(to, broadcastStrides(from, to), 0, (offset, i) => {
    if (i === at) found = offset;
  });
  return found;
}

/** What an operation made it from: values for elementwise operations, and a constant that holds NaN or an infinity. */
function sources(node: Node, at: number, valueOf: ValueOf): string {
  const isMap = node.op.lowering.kind === "map";
  const values = candidates(node, at, valueOf).map((from) => number(valueOf(from.node)[from.at]!));
  const listed = isMap ? ` from ${values.join(" and ")}` : "";
  const constant = node.inputs.find((from) => isConstant(from) && sizeOf(from.shape) > 1 && hasBad(valueOf(from)));
  if (constant === undefined) return listed;
  const i = firstBad(valueOf(constant));
  const bad = `${valueOf(constant)[i]}${indexText(i, constant.shape)}`;
  return `${listed} (the data of shape ${formatShape(constant.shape)} in it are ${bad})`;
}

/** Six digits. */
const number = (v: number): string => String(Number(v.toPrecision(6)));

/** ` at index [1, 0]`; nothing for a scalar. */
const indexText = (flat: number, shape: Shape): string =>
  shape.length === 0 ? "" : ` at index ${formatShape(indexAt(flat, shape))}`;
