/** Latent sites that nothing pins down. */
import type { Constraint } from "../distributions/types.ts";
import type { Node } from "../src/compiler/graph.ts";
import { hasValue } from "../src/tensor/tensor.ts";
import type { Latent, TracedModel } from "./parameterise.ts";

/**
 * Whether the density of the model, before the Jacobians of the transforms, is constant along a site whose support has no end: it
 * then has no finite integral, though on the unconstrained scale it is not constant. A flat prior on a bounded set is proper.
 */
export function isFlat(latent: Latent, terms: TracedModel["terms"]): boolean {
  const own = terms.find(({ site }) => site.name === latent.name);
  // A density that isn't constant is one in the value of its own site; this spares most sites the search.
  if (own === undefined || !hasValue(own.logProb) || isBounded(latent.support)) return false;
  return !reaches(
    terms.map(({ total }) => total.node),
    latent.input,
  );
}

function isBounded({ base, kind, lower, upper }: Constraint): boolean {
  if (base !== undefined) return isBounded(base);
  return (lower !== undefined && upper !== undefined) || kind === "simplex" || kind === "corrCholesky";
}

function reaches(outputs: readonly Node[], input: Node): boolean {
  const seen = new Set(outputs);
  for (const node of seen) {
    if (node === input) return true;
    for (const x of node.inputs) if (x.id >= input.id) seen.add(x);
  }
  return false;
}
