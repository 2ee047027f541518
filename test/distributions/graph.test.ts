/** What a log density costs once it is traced: its operations, and which of them run over the data. */
import { describe, expect, it } from "vitest";
import {
  Bernoulli,
  Beta,
  Binomial,
  biject,
  constraints,
  Dirichlet,
  Exponential,
  Gamma,
  HalfCauchy,
  HalfNormal,
  LogNormal,
  Normal,
  Poisson,
  Uniform,
} from "../../distributions/index.ts";
import type { Node, Shape } from "../../src/compiler/graph.ts";
import { inputNode, isConstant } from "../../src/compiler/node.ts";
import { exp, sub } from "../../src/tensor/math.ts";
import { type Tensor, wrap } from "../../src/tensor/tensor.ts";

const latent = (shape: Shape = [], name = "x"): Tensor => wrap(inputNode(shape, "float64", name));

/** Operations that depend on an input, inputs themselves left out; with a size, those of that many entries only. */
function operations(t: Tensor, size?: number): string[] {
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node) || isConstant(node)) return;
    for (const below of node.inputs) visit(below);
    seen.add(node);
  };
  visit(t.node);
  return [...seen]
    .filter((node) => node.op.name !== "input")
    .filter((node) => size === undefined || node.shape.reduce((a, b) => a * b, 1) === size)
    .map((node) => node.op.name);
}

const y = Array.from({ length: 50 }, (_, i) => i % 2);

describe("traced log densities", () => {
  it("leave parameter-only terms out of the loop over the data", () => {
    const normal = Normal(latent([], "mu"), latent([], "sigma")).logProb(y);
    expect(operations(normal, 50).length).toBeLessThanOrEqual(5);
    expect(operations(Bernoulli({ logits: latent([50]) }).logProb(y), 50)).toEqual(["mul", "softplus", "sub"]);
    expect(operations(Poisson(exp(latent([50]))).logProb(y), 50)).toEqual(["mul", "exp", "sub", "sub"]);
    expect(operations(Binomial({ totalCount: 3, logits: latent([50]) }).logProb(y), 50).length).toBeLessThanOrEqual(5);
    expect(operations(Exponential(latent()).logProb(y), 50)).toEqual(["mul", "sub"]);
    expect(
      operations(Gamma(latent([], "a"), latent([], "b")).logProb(y.map((v) => v + 1)), 50).length,
    ).toBeLessThanOrEqual(4);
  });

  it("don't test what a bijection made or what was looked at", () => {
    const families = [
      HalfNormal(2),
      HalfCauchy(2),
      Gamma(2, 3),
      LogNormal(0, 1),
      Beta(2, 3),
      Dirichlet([1, 2, 3]),
      Uniform(1, 4),
    ];
    for (const d of [...families, Uniform(0, sub(1, latent())), HalfNormal(2).expand([3]).toEvent(1)]) {
      const t = biject(d.support);
      const x = t.forward(latent(t.inverseShape([...d.batchShape, ...d.eventShape])));
      expect(operations(d.logProb(x)), d.name).not.toContain("where");
    }
    expect(operations(Exponential(latent()).logProb(y))).not.toContain("where");
  });

  it("test what could be outside", () => {
    expect(operations(HalfNormal(2).logProb(latent()))).toContain("where");
    expect(operations(Uniform(0, latent()).logProb(y))).toContain("where");
    const other = biject(constraints.interval(0, 9)).forward(latent());
    expect(operations(Uniform(0, 2).logProb(other))).toContain("where");
  });

  it("leave out terms with exponent 0", () => {
    const p = biject(constraints.unitInterval).forward(latent());
    expect(operations(Beta(1, 1).logProb(p))).toEqual([]);
    expect(operations(Beta(2, 1).logProb(p))).not.toContain("log1p");
  });
});
