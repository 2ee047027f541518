/** The same models twice: with a plate, and with their rows written one by one. */
import {
  dist,
  exp,
  factor,
  type LogDensity,
  logDensity,
  plate,
  printProgram,
  sample,
  stack,
  sum,
  type Tensor,
  take,
  tensor,
} from "lapilli";
import { withPasses } from "../../src/compiler/passes.ts";

export interface Twins {
  readonly loop: () => void;
  readonly plate: () => void;
}

const rows = 60;
const groups = 9;
/** Spread out over (0, 1). */
const spread = (step: number, n = rows): number[] => Array.from({ length: n }, (_, i) => ((i + 1) * step) % 1);

const x = spread(0.618).map((u) => 2 * u - 1);
const y = x.map((v, i) => 1 + 2 * v + spread(0.414)[i]!);
const binary = spread(0.732).map((u) => (u < 0.4 ? 0 : 1));
// The algebra of single numbers leaves its mark where data are 0, 1 or −1.
const code = spread(0.271).map((u) => Math.floor(3 * u) - 1);
const floor = spread(0.519).map((u) => (u < 0.3 ? 1 : 0));
const counts = spread(0.393).map((u) => Math.floor(4 * u));
const exposure = spread(0.149).map((u, i) => (i % 5 === 0 ? 1 : 0.5 + u));
const group = spread(0.887).map((u) => Math.floor(groups * u));
const design = spread(0.557).map((u, i) => [u, x[i]!, binary[i]!, 1]);

const each = (body: (i: number) => void): void => {
  for (let i = 0; i < rows; i++) body(i);
};
const line = (): { alpha: Tensor; beta: Tensor; sigma: Tensor } => ({
  alpha: sample("alpha", dist.Normal(0, 5)),
  beta: sample("beta", dist.Normal(0, 5)),
  sigma: sample("sigma", dist.HalfNormal(2)),
});
const effects = (loc: Tensor): Tensor => {
  const tau = sample("tau", dist.HalfNormal(1));
  return plate("group", groups, () => sample("theta", dist.Normal(loc, tau)));
};
const inPlate = (body: () => void): void => {
  plate("row", rows, body);
};

export const twins: Readonly<Record<string, Twins>> = {
  "normal regression": {
    loop() {
      const { alpha, beta, sigma } = line();
      each((i) => sample(`y${i}`, dist.Normal(alpha.add(beta.mul(x[i]!)), sigma), { obs: y[i]! }));
    },
    plate() {
      const { alpha, beta, sigma } = line();
      inPlate(() => sample("y", dist.Normal(alpha.add(beta.mul(x)), sigma), { obs: y }));
    },
  },
  "normal regression on −1, 0, 1": {
    loop() {
      const { alpha, beta, sigma } = line();
      each((i) => sample(`y${i}`, dist.Normal(alpha.add(beta.mul(code[i]!)), sigma), { obs: code[i]! * i }));
    },
    plate() {
      const { alpha, beta, sigma } = line();
      inPlate(() => sample("y", dist.Normal(alpha.add(beta.mul(code)), sigma), { obs: code.map((c, i) => c * i) }));
    },
  },
  "logistic regression": {
    loop() {
      const { alpha, beta } = line();
      each((i) => sample(`y${i}`, dist.Bernoulli({ logits: alpha.add(beta.mul(x[i]!)) }), { obs: binary[i]! }));
    },
    plate() {
      const { alpha, beta } = line();
      inPlate(() => sample("y", dist.Bernoulli({ logits: alpha.add(beta.mul(x)) }), { obs: binary }));
    },
  },
  "group effects read one by one": {
    loop() {
      const { alpha, beta, sigma } = line();
      const theta = effects(alpha);
      each((i) => sample(`y${i}`, dist.Normal(theta.at(group[i]!).add(beta.mul(floor[i]!)), sigma), { obs: y[i]! }));
    },
    plate() {
      const { alpha, beta, sigma } = line();
      const theta = effects(alpha);
      inPlate(() =>
        sample("y", dist.Normal(take(theta, Int32Array.from(group)).add(beta.mul(floor)), sigma), { obs: y }),
      );
    },
  },
  "logistic regression with group effects": {
    loop() {
      const { alpha, beta } = line();
      const theta = effects(alpha);
      each((i) => {
        const logits = theta.at(group[i]!).add(beta.mul(x[i]!));
        sample(`y${i}`, dist.Bernoulli({ logits }), { obs: binary[i]! });
      });
    },
    plate() {
      const { alpha, beta } = line();
      const theta = effects(alpha);
      const logits = take(theta, Int32Array.from(group)).add(beta.mul(x));
      inPlate(() => sample("y", dist.Bernoulli({ logits }), { obs: binary }));
    },
  },
  "Poisson regression with varying exposure": {
    loop() {
      const { alpha, beta } = line();
      each((i) =>
        sample(`y${i}`, dist.Poisson(exp(alpha.add(beta.mul(x[i]!))).mul(exposure[i]!)), { obs: counts[i]! }),
      );
    },
    plate() {
      const { alpha, beta } = line();
      inPlate(() => sample("y", dist.Poisson(exp(alpha.add(beta.mul(x))).mul(exposure)), { obs: counts }));
    },
  },
  "two likelihoods a row": {
    loop() {
      const { alpha, beta, sigma } = line();
      each((i) => {
        const eta = alpha.add(beta.mul(x[i]!));
        sample(`y${i}`, dist.Normal(eta, sigma), { obs: y[i]! });
        sample(`k${i}`, dist.Poisson(exp(eta)), { obs: counts[i]! });
      });
    },
    plate() {
      const { alpha, beta, sigma } = line();
      inPlate(() => {
        const eta = alpha.add(beta.mul(x));
        sample("y", dist.Normal(eta, sigma), { obs: y });
        sample("k", dist.Poisson(exp(eta)), { obs: counts });
      });
    },
  },
  "a product of vectors a row": {
    loop() {
      const { alpha, sigma } = line();
      const w = plate("column", 4, () => sample("w", dist.Normal(0, 1)));
      design.forEach((row, i) => {
        sample(`y${i}`, dist.Normal(alpha.add(w.matmul(row)), sigma), { obs: y[i]! });
      });
    },
    plate() {
      const { alpha, sigma } = line();
      const w = plate("column", 4, () => sample("w", dist.Normal(0, 1)));
      inPlate(() => sample("y", dist.Normal(alpha.add(tensor(design).matmul(w)), sigma), { obs: y }));
    },
  },
  "a sum of products a row": {
    loop() {
      const { alpha, sigma } = line();
      const w = plate("column", 4, () => sample("w", dist.Normal(0, 1)));
      design.forEach((row, i) => {
        sample(`y${i}`, dist.StudentT(4, alpha.add(sum(w.mul(row))), sigma), { obs: y[i]! });
      });
    },
    plate() {
      const { alpha, sigma } = line();
      const w = plate("column", 4, () => sample("w", dist.Normal(0, 1)));
      inPlate(() => sample("y", dist.StudentT(4, alpha.add(tensor(design).matmul(w)), sigma), { obs: y }));
    },
  },
  "three numbers a row": {
    loop() {
      const { alpha, beta, sigma } = line();
      each((i) => {
        const loc = alpha.add(beta.mul([x[i]!, x[i]! ** 2, 1]));
        sample(`y${i}`, dist.Normal(loc, sigma).toEvent(1), { obs: [y[i]!, 0, 1] });
      });
    },
    plate() {
      const { alpha, beta, sigma } = line();
      const loc = alpha.add(beta.mul(x.map((v) => [v, v ** 2, 1])));
      inPlate(() => sample("y", dist.Normal(loc, sigma).toEvent(1), { obs: y.map((v) => [v, 0, 1]) }));
    },
  },
  "locations computed one by one and stacked": {
    loop() {
      const { alpha, beta, sigma } = line();
      const loc = stack(x.map((v) => alpha.add(beta.mul(v))));
      sample("y", dist.StudentT(4, loc, sigma).toEvent(1), { obs: y });
    },
    plate() {
      const { alpha, beta, sigma } = line();
      inPlate(() => sample("y", dist.StudentT(4, alpha.add(beta.mul(x)), sigma), { obs: y }));
    },
  },
  "log densities added up and given to factor": {
    loop() {
      const { alpha, beta, sigma } = line();
      let total = tensor(0);
      each((i) => {
        total = total.add(dist.Normal(alpha.add(beta.mul(x[i]!)), sigma).logProb(y[i]!));
      });
      factor("y", total);
    },
    plate() {
      const { alpha, beta, sigma } = line();
      factor(
        "y",
        dist
          .Normal(alpha.add(beta.mul(x)), sigma)
          .logProb(y)
          .sum(),
      );
    },
  },
  "latent sites and data one by one": {
    loop() {
      const { alpha, sigma } = line();
      each((i) => {
        const theta = sample(`theta${i}`, dist.Normal(alpha, sigma));
        sample(`y${i}`, dist.Poisson(exp(theta)), { obs: counts[i]! + 2 });
      });
    },
    plate() {
      const { alpha, sigma } = line();
      inPlate(() => {
        const theta = sample("theta", dist.Normal(alpha, sigma));
        sample("y", dist.Poisson(exp(theta)), { obs: counts.map((k) => k + 2) });
      });
    },
  },
};

/** Compiled without the pass. */
export const unrolled = (model: () => void): LogDensity =>
  withPasses({ reroll: false }, () => logDensity(model, undefined));

/** The loops of a printed program with their sizes, kernel calls and fills; what single numbers take is left out. */
export function loopsOf(ld: LogDensity): string[] {
  return printProgram(ld)
    .split("\n")
    .flatMap((text) => /^(for [^:]*|fill|[^ ].* = \w+\()/.exec(text)?.[1]?.replace(/%\d+/, "%") ?? []);
}
