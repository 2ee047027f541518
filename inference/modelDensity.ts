/** A model's log density and gradient, traced and compiled: what `logDensity` returns and samplers run on. */

import type { Constraint } from "../distributions/types.ts";
import { pullback } from "../src/autodiff/reverse.ts";
import type { Compiled } from "../src/compiler/compileWith.ts";
import type { Node } from "../src/compiler/graph.ts";
import { scalar } from "../src/compiler/node.ts";
import { withOrigin } from "../src/compiler/origin.ts";
import type { Program } from "../src/compiler/program.ts";
import type { Trace } from "../src/effects/trace.ts";
import { broadcastTo } from "../src/ops/map.ts";
import { describe } from "../src/tensor/describe.ts";
import { sizeOf } from "../src/tensor/shapes.ts";
import { fromData, type Shape, type Tensor, type TensorLike } from "../src/tensor/tensor.ts";
import { densityCall } from "./densityCall.ts";
import { type Compile, type DensityOptions, type Engine, makeEngine } from "./densityEngine.ts";
import { siteNames } from "./diagnostics/siteNames.ts";
import { isFlat } from "./flatness.ts";
import { type Latent, type TracedModel, traceModel } from "./parameterise.ts";
import type { unconstrain } from "./unconstrain.ts";

/** A model: any function of data that calls `sample`. */
export type Model<Data> = (data: Data) => unknown;

/** What is made of a traced density by parts that a page may load later. */
export interface DensityParts {
  readonly compile: Compile;
  readonly unconstrain: typeof unconstrain;
}

/** One latent sample site. */
export interface LatentSite {
  readonly name: string;
  /** Shape of the value on the model's scale. */
  readonly shape: Shape;
  /** Where its unconstrained coordinates lie in the flat vector, and how many there are. */
  readonly offset: number;
  readonly size: number;
  readonly support: Constraint;
}

/** A log density on unconstrained coordinates, with the log-Jacobians of the transforms included. */
export interface LogDensity {
  /** Length of the flat unconstrained vector. */
  readonly dim: number;
  /** The latent sites, in the order the model meets them. */
  readonly sites: readonly LatentSite[];
  /** Names of latent sites without end that the log density, Jacobians left out, does not depend on: it is improper in them. */
  readonly flatSites: readonly string[];
  /** Names of the unconstrained coordinates: `theta[3]`. */
  readonly names: readonly string[];
  /** Writes the gradient into `grad` and returns the log density; allocates nothing. @throws RangeError for arrays of another length. */
  valueAndGrad(x: Float64Array, grad: Float64Array): number;
  value(x: Float64Array): number;
  /** Values of all latent and deterministic sites on the model's own scale. */
  constrain(x: Float64Array): Record<string, Tensor>;
  /**
   * The flat vector of given values of the latent sites; those of deterministic sites are ignored.
   * @throws Error for a missing or unknown site, a wrong shape, or a value outside its support.
   */
  unconstrain(values: Readonly<Record<string, TensorLike>>): Float64Array;
  /** Values of all latent and deterministic sites at many points, laid out [point][element], for each site. */
  constrainAll(points: readonly Float64Array[]): ConstrainedDraws[];
  /** Undefined when the density is interpreted. */
  readonly program: Program | undefined;
  /** Why the density is interpreted, if it is. */
  readonly interpreted: string | undefined;
  /** What it was made of, for `printProgram` and `whyNotFinite`. */
  readonly graph: DensityGraph;
  readonly timing: { readonly traceMs: number; readonly compileMs: number };
}

/** A log density by its parts. */
export interface DensityGraph {
  /** The unconstrained coordinates of the latent sites, in their order; sites of rows that a loop wrote may share an input. */
  readonly inputs: readonly Node[];
  /** The log density, then the gradient with respect to each input. */
  readonly outputs: readonly Node[];
  /** Log densities of the sites, element by element. */
  readonly terms: TracedModel["terms"];
  readonly latents: readonly Latent[];
  /** Undefined when the density is interpreted. */
  readonly compiled: Compiled | undefined;
}

export interface ConstrainedDraws {
  readonly name: string;
  readonly shape: Shape;
  /** Values at every point, one point after the other. */
  readonly values: Float64Array;
}

/** A model that was run on data, and the node of its log density with the log-Jacobians of all transforms. */
export interface TracedDensity<Data> {
  readonly model: Model<Data>;
  readonly data: Data;
  readonly trace: TracedModel;
  readonly total: Node;
  /** What it depends on: the unconstrained coordinates of the latent sites, in their order. */
  readonly inputs: readonly Node[];
  /** When the run began. */
  readonly started: number;
}

/** Runs a model on data, once. @throws Error when it has no latent site; ModelError, naming the site and the line, when it throws. */
export function traceDensity<Data>(model: Model<Data>, data: Data): TracedDensity<Data> {
  const started = performance.now();
  const trace = traceModel(model, data);
  const parts = [...trace.terms.map((term) => term.total), ...trace.latents.map((latent) => latent.logJacobian)];
  // The sum over all sites is written on no line of the model.
  const sum = withOrigin({ line: undefined }, () => parts.reduce((a, b) => a.add(b)));
  const inputs = trace.latents.map((latent) => latent.input);
  return { model, data, trace, total: sum.node, inputs, started };
}

/** Differentiates a traced log density and compiles both to one program. */
export function buildDensity<Data>(
  traced: TracedDensity<Data>,
  options: DensityOptions,
  parts: DensityParts,
): LogDensity {
  const { total, inputs, started } = traced;
  const { latents } = traced.trace;
  const adjoints = pullback([total], [scalar(1)], inputs);
  const idle = new Set(inputs.filter((_, i) => adjoints[i] === undefined));
  const gradients = adjoints.map((g, i) => g ?? broadcastTo(scalar(0), inputs[i]!.shape));
  const differentiated = performance.now();
  const engine = makeEngine([total, ...gradients], inputs, options, parts.compile);
  return assemble(
    traced,
    engine,
    [total, ...gradients],
    latents.filter((latent) => idle.has(latent.input) || isFlat(latent, traced.trace.terms)),
    options,
    parts,
    {
      traceMs: differentiated - started,
      compileMs: performance.now() - differentiated,
    },
  );
}

function assemble<Data>(
  { model, data, trace, inputs }: TracedDensity<Data>,
  engine: Engine,
  outputs: readonly Node[],
  flat: readonly Latent[],
  options: DensityOptions,
  parts: DensityParts,
  timing: LogDensity["timing"],
): LogDensity {
  const { run, latents, terms } = trace;
  let dim = 0;
  const sites = latents.map(({ name, shape, support, input }): LatentSite => {
    const size = sizeOf(input.shape);
    dim += size;
    return { name, shape, offset: dim - size, size, support };
  });
  const { input, output } = engine;
  const valueAndGrad = densityCall({ input, output, run: engine.run }, (x, grad) => {
    checkLength("The point", x, dim);
    checkLength("The gradient", grad, dim);
    return Number.NaN;
  });
  const scratch = new Float64Array(dim);
  const names = lazily(() => latents.flatMap(({ name, input }) => siteNames(name, input.shape)));
  const constrainAll = lazily(() => constrainer(run, latents, options, parts.compile));
  return {
    dim,
    sites,
    flatSites: flat.map(({ name }) => name),
    get names() {
      return names();
    },
    valueAndGrad,
    value: (x) => valueAndGrad(x, scratch),
    constrain: (x) => {
      checkLength("The point", x, dim);
      return Object.fromEntries(constrainAll()([x]).map(({ name, shape, values }) => [name, fromData(values, shape)]));
    },
    constrainAll: (points) => {
      for (const point of points) checkLength("The point", point, dim);
      return constrainAll()(points);
    },
    unconstrain: (values) => parts.unconstrain(model, data, sites, run.names, values),
    program: engine.compiled?.program,
    interpreted: engine.interpreted,
    graph: { inputs, outputs, terms, latents, compiled: engine.compiled },
    timing,
  };
}

/** @throws RangeError when a vector has not as many numbers as the model has unconstrained coordinates. */
export function checkLength(what: string, x: Float64Array, dim: number): void {
  if (x?.length === dim) return;
  const got = ArrayBuffer.isView(x) || Array.isArray(x) ? `has ${x.length} numbers` : `is ${describe(x)}`;
  throw new RangeError(
    `${what} ${got}, the model has ${dim} unconstrained coordinates. Give a Float64Array of that length.`,
  );
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Latent and deterministic sites of the run as functions of the flat vector. */
function constrainer(
  run: Trace,
  latents: readonly Latent[],
  options: DensityOptions,
  compile: Compile,
): (points: readonly Float64Array[]) => ConstrainedDraws[] {
  const reported = [...run.sites.values()].filter(
    (site) => site.kind === "deterministic" || (site.kind === "sample" && !site.observed),
  );
  const outputs = reported.map((site) => site.value!.node);
  const engine = makeEngine(
    outputs,
    latents.map((latent) => latent.input),
    options,
    compile,
  );
  return (points) => {
    const draws = reported.map(({ name, value }) => ({
      name,
      shape: value!.shape,
      values: new Float64Array(points.length * value!.size),
    }));
    points.forEach((point, i) => {
      engine.input.set(point);
      engine.run();
      let at = 0;
      for (const { shape, values } of draws) {
        const size = sizeOf(shape);
        values.set(engine.output.subarray(at, at + size), i * size);
        at += size;
      }
    });
    return draws;
  };
}
