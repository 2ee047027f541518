/** Predictions: what a model draws when its latent sites have the values of a posterior. */
import { withAllowance } from "../src/compiler/origin.ts";
import { allocate } from "../src/compiler/shapes.ts";
import { seed as seeded } from "../src/effects/handlers/seed.ts";
import { trace } from "../src/effects/handlers/trace.ts";
import type { DeterministicSite, Message, SampleSite } from "../src/effects/message.ts";
import { withHandler } from "../src/effects/stack.ts";
import type { Trace } from "../src/effects/trace.ts";
import { foldIn, type Key, key } from "../src/random/key.ts";
import { describe } from "../src/tensor/describe.ts";
import { formatShape, sameShape, sizeOf } from "../src/tensor/shapes.ts";
import { asTensor, fromData, type Tensor, type TensorLike, type TypedArray } from "../src/tensor/tensor.ts";
import type { Fit } from "./fit.ts";
import type { Model } from "./modelDensity.ts";
import { checkModel, runModel } from "./modelRun.ts";
import { checkPredictiveOptions } from "./sampleOptions.ts";

export interface PredictiveOptions {
  /** The same seed gives the same predictions. Default 0. */
  readonly seed?: number | string | Key;
  /** How many draws of each chain to predict from, the first ones; the same whatever their number. Default: all. */
  readonly draws?: number;
}

/**
 * Runs a model once for each draw of a posterior: its latent sites get the values of the draw, sites whose data were left out are
 * drawn, and deterministic sites are computed from the data that are given here. So `predictive(model, fit, { x: newX })` predicts
 * for new data, and with the old ones it checks the model.
 *
 * @param model - the model of the fit, or one that has latent sites of the same names
 * @param posterior - a fit, or draws by site, of shape [chains, draws, ...shape]; `{}` predicts from the prior, `options.draws` times
 * @param data - the model's argument; what is to be predicted is left out
 * @returns drawn and deterministic sites in the order the model meets them, of shape [chains, draws, ...shape]
 * @throws Error when no latent site of the model is in the posterior, or every site has data; TypeError for draws of differing
 *   number; ModelError naming the site when the model fails.
 * @example
 * const { y } = predictive(schools, fit.posterior, { sigma }, { seed: 1 }); // [4, 1000, 8]
 * y.mean([0, 1]);
 */
export function predictive<Data>(
  model: Model<Data>,
  posterior: Pick<Fit, "posterior" | "draws"> | Readonly<Record<string, TensorLike>>,
  data: Data,
  options: PredictiveOptions = {},
): Record<string, Tensor> {
  checkModel("predictive", model, posterior);
  checkPredictiveOptions(options);
  const { seed = 0 } = options;
  const given = readPosterior(posterior);
  const { chains, draws } = countDraws(given, options.draws);
  // Apart from the streams of a sampler with the same seed.
  const root = foldIn(typeof seed === "number" || typeof seed === "string" ? key(seed) : seed, "predictive");
  const predictions = new Map<string, Prediction>();
  for (let c = 0; c < chains; c++) {
    for (let d = 0; d < draws; d++) {
      const run = runAt(model, data, given, c, d, foldIn(foldIn(root, c), d));
      if (predictions.size === 0) begin(predictions, run, given, chains * draws);
      for (const [name, prediction] of predictions) record(prediction, run, name, c * draws + d);
    }
  }
  return Object.fromEntries(
    Array.from(predictions, ([name, { values, shape, dtype }]) => [
      name,
      fromData(values, [chains, draws, ...shape], dtype),
    ]),
  );
}

/** Draws by site. */
type Posterior = ReadonlyMap<string, Tensor>;

interface Prediction extends Pick<Tensor, "shape" | "dtype"> {
  readonly values: TypedArray;
}

function readPosterior(posterior: unknown): Posterior {
  const draws =
    posterior !== null && typeof posterior === "object" && typeof (posterior as Fit).draws === "function"
      ? (posterior as Fit).posterior
      : posterior;
  if (draws === null || typeof draws !== "object" || "node" in draws || Array.isArray(draws)) {
    throw new TypeError(
      `predictive: the second argument has to be a fit, or draws by site, { mu: … }, got ${describe(draws)}. Write predictive(model, fit, data).`,
    );
  }
  return new Map(Object.entries(draws).map(([name, values]) => [name, asTensor(values as TensorLike)]));
}

/** @throws TypeError unless all sites have equally many chains and draws. */
function countDraws(posterior: Posterior, wanted: number | undefined): { chains: number; draws: number } {
  if (posterior.size === 0) {
    if (wanted !== undefined) return { chains: 1, draws: wanted };
    throw new TypeError(
      "predictive: the posterior is empty. To predict from the prior, say how often: { draws: 1000 }.",
    );
  }
  const [[first, { shape }]] = posterior as unknown as [[string, Tensor]];
  for (const [name, tensor] of posterior) {
    if (tensor.rank >= 2 && sameShape(tensor.shape.slice(0, 2), shape.slice(0, 2))) continue;
    const beside = name === first ? "" : `, those of "${first}" ${formatShape(shape)}`;
    throw new TypeError(
      `predictive: the draws of "${name}" have shape ${formatShape(tensor.shape)}${beside}; it has to be [chains, draws, …]. One chain of draws is reshape(draws, [1, -1]).`,
    );
  }
  const [chains, draws] = shape as [number, number];
  if (wanted !== undefined && wanted > draws)
    throw new RangeError(`predictive: \`draws\` is ${wanted}, but the posterior has ${draws} in each chain.`);
  if (chains * draws === 0) throw new RangeError("predictive: the posterior has no draws.");
  return { chains, draws: wanted ?? draws };
}

/** One run: latent sites as in draw `d` of chain `c`, others drawn. */
function runAt<Data>(model: Model<Data>, data: Data, posterior: Posterior, c: number, d: number, own: Key): Trace {
  let last: Message | undefined;
  const substitute = {
    name: "predictive",
    process(msg: Message) {
      if (msg.kind !== "sample" || msg.observed || msg.value !== undefined) return;
      const draws = posterior.get(msg.name);
      if (draws !== undefined) msg.value = drawOf(draws, c, d);
    },
    postprocess(msg: Message) {
      last = msg;
    },
  };
  const run = (): unknown => withHandler(substitute, () => runModel(model, data, () => last));
  // Nobody asks for the lines of operations on numbers.
  return withAllowance(0, () => trace(seeded(run, own)).get());
}

function drawOf({ data, shape, dtype }: Tensor, c: number, d: number): Tensor {
  const own = shape.slice(2);
  const size = sizeOf(own);
  const start = (c * shape[1]! + d) * size;
  return fromData(data.subarray(start, start + size) as TypedArray, own, dtype);
}

/** Makes room for what the first run has shown the model to predict. */
function begin(predictions: Map<string, Prediction>, run: Trace, posterior: Posterior, total: number): void {
  const sites = [...run.sites.values()];
  const latent = sites.filter(({ kind, name }) => kind === "sample" && posterior.has(name));
  if (latent.length === 0 && posterior.size > 0) {
    const own = sites.filter((site) => site.kind === "sample").map(({ name }) => `"${name}"`);
    throw new Error(
      `predictive: no latent site of the model is in the posterior, which has ${[...posterior.keys()].map((name) => `"${name}"`).join(", ")}; ` +
        `the model has ${own.join(", ") || "no sample site"}. Give the fit of this model.`,
    );
  }
  const predicted = sites.filter(
    (site): site is SampleSite | DeterministicSite =>
      site.kind === "deterministic" || (site.kind === "sample" && !site.observed && !posterior.has(site.name)),
  );
  if (predicted.length === 0) {
    throw new Error(
      "predictive: there is nothing to predict, since every site has data or draws. Leave out the data of the sites to predict, so that their `obs` is undefined.",
    );
  }
  for (const { name, value } of predicted) {
    const { shape, dtype, size } = value;
    predictions.set(name, { shape, dtype, values: allocate(dtype, total * size) });
  }
}

/** @throws Error when a site is missing from a run, or has another shape than in the first. */
function record({ values, shape }: Prediction, run: Trace, name: string, draw: number): void {
  const value = run.has(name) ? run.get(name).value : undefined;
  if (value === undefined || !sameShape(value.shape, shape)) {
    throw new Error(
      `predictive: site "${name}" has shape ${formatShape(shape)} in one run and ${value === undefined ? "is missing" : formatShape(value.shape)} in another. ` +
        "The sites of a model have to be the same for every draw.",
    );
  }
  values.set(value.data as never, draw * value.size);
}
