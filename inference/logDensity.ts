import type { Constraint } from "../distributions/types.ts";
import { pullback } from "../src/autodiff/reverse.ts";
import { compile } from "../src/compiler/compile.ts";
import type { Node } from "../src/compiler/graph.ts";
import { interpret } from "../src/compiler/interpret.ts";
import { scalar } from "../src/compiler/node.ts";
import { withOrigin } from "../src/compiler/origin.ts";
import { printGraph, printProgram } from "../src/compiler/print.ts";
import { instantiate, type Program } from "../src/compiler/program.ts";
import { NotCompilable } from "../src/compiler/schedule.ts";
import { simplify, topological } from "../src/compiler/simplify.ts";
import type { Trace } from "../src/effects/trace.ts";
import { broadcastTo } from "../src/ops/map.ts";
import { reroll } from "../src/ops/reroll.ts";
import { describe } from "../src/tensor/describe.ts";
import { sizeOf } from "../src/tensor/shapes.ts";
import { fromData, type Shape, type Tensor, type TensorLike } from "../src/tensor/tensor.ts";
import { features } from "../src/wasm/featureProbe.ts";
import { siteNames } from "./diagnostics/siteNames.ts";
import { checkModel } from "./modelRun.ts";
import { type Inquiry, sitesAreFinite, whyNotFinite } from "./nonFinite.ts";
import { type Latent, traceModel } from "./parameterise.ts";
import { checkLogDensityOptions } from "./sampleOptions.ts";
import { unconstrain } from "./unconstrain.ts";

/** A model: any function of data that calls `sample`. */
export type Model<Data> = (data: Data) => unknown;

export interface LogDensityOptions {
  /**
   * Stop at the first point where the log density is NaN, or finite with a gradient that is not, and say which site, operation and line
   * of the model it comes from. A log density of -Infinity is no error: samplers reject the point. Default false.
   */
  readonly debugNans?: boolean;
  /** Run the reference evaluators instead of compiling: slow, and the same numbers up to the order of sums. Default false. */
  readonly interpret?: boolean;
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
  /** Names of latent sites that the log density does not depend on at all: it is improper in them. */
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
  /**
   * Why the log density or its gradient is not finite at a point, in a sentence: the site, the offending argument or value, the operation
   * and the line of the model. Undefined where both are finite.
   */
  whyNotFinite(x: Float64Array): string | undefined;
  /** Undefined when the density is interpreted. */
  readonly program: Program | undefined;
  /** Why the density is interpreted, if it is. */
  readonly interpreted: string | undefined;
  /** The compiled program for a person to read: every loop with its expressions and the lines of the model it comes from. */
  print(): string;
  readonly timing: { readonly traceMs: number; readonly compileMs: number };
}

export interface ConstrainedDraws {
  readonly name: string;
  readonly shape: Shape;
  /** Values at every point, one point after the other. */
  readonly values: Float64Array;
}

/**
 * Traces a model on data, differentiates its log density and compiles both to one program. Data are constants: whatever
 * depends on them alone is computed once.
 *
 * @param model - any function that calls `sample`; it is called once
 * @param data - its argument
 * @throws Error when the model has no latent site; ModelError, naming the site and the line, when it throws.
 * @example
 * const ld = logDensity(() => { sample("x", dist.Normal(0, 1)); }, {});
 * ld.valueAndGrad(Float64Array.of(1), new Float64Array(1)); // -1.4189385332046727
 */
export function logDensity<Data>(model: Model<Data>, data: Data, options: LogDensityOptions = {}): LogDensity {
  checkModel("logDensity", model, data);
  checkLogDensityOptions("logDensity", options);
  const started = performance.now();
  const { run, latents, terms } = traceModel(model, data);
  const parts = [...terms.map((term) => term.total), ...latents.map((latent) => latent.logJacobian)];
  // The sum over all sites is written on no line of the model.
  const sum = withOrigin({ line: undefined }, () => parts.reduce((a, b) => a.add(b)));
  const [total] = reroll([sum.node]) as [Node];
  const inputs = latents.map((latent) => latent.input);
  const adjoints = pullback([total], [scalar(1)], inputs);
  const gradients = adjoints.map((g, i) => g ?? broadcastTo(scalar(0), inputs[i]!.shape));
  const traced = performance.now();
  const flatSites = latents.filter((_, i) => adjoints[i] === undefined).map(({ name }) => name);
  const engine = makeEngine([total, ...gradients], inputs, options);
  const compiled = performance.now();
  return assemble(
    model,
    data,
    latents,
    flatSites,
    run,
    engine,
    { inputs, names: latents.flatMap(({ name, input }) => siteNames(name, input.shape)), terms, latents, gradients },
    { traceMs: traced - started, compileMs: compiled - traced },
    options,
  );
}

/** Runs a graph on the flat vector: compiled where possible. */
interface Engine {
  readonly program: Program | undefined;
  readonly interpreted: string | undefined;
  readonly print: () => string;
  /** The flat vector to fill in, and the outputs as one stretch. */
  readonly input: Float64Array;
  readonly output: Float64Array;
  run(): void;
}

function makeEngine(outputs: readonly Node[], inputs: readonly Node[], options: LogDensityOptions): Engine {
  const reason = whyInterpret(options);
  if (reason === undefined) {
    try {
      const compiled = compile(outputs, inputs);
      const { program } = compiled;
      const { input, output, run } = instantiate(program);
      return { program, interpreted: undefined, print: () => printProgram(compiled), input, output, run };
    } catch (error) {
      if (!(error instanceof NotCompilable)) throw error;
      return interpretedEngine(outputs, inputs, error.message);
    }
  }
  return interpretedEngine(outputs, inputs, reason);
}

/** Why not to compile, if there is a reason that does not depend on the model. */
function whyInterpret({ interpret }: LogDensityOptions): string | undefined {
  if (interpret) return "asked for by the options";
  const { webAssembly, simd } = features();
  if (!webAssembly) {
    return (
      "WebAssembly is not available: the engine has none, or the page's content security policy forbids it " +
      "(script-src 'wasm-unsafe-eval' would allow it)"
    );
  }
  return simd ? undefined : "the engine's WebAssembly has no SIMD";
}

function interpretedEngine(outputs: readonly Node[], inputs: readonly Node[], why: string): Engine {
  const simple = simplify(outputs, inputs);
  const flat = (nodes: readonly Node[]): Float64Array =>
    new Float64Array(nodes.reduce((n, x) => n + sizeOf(x.shape), 0));
  const input = flat(inputs);
  const output = flat(outputs);
  let at = 0;
  const views = inputs.map((x) => {
    const start = at;
    at += sizeOf(x.shape);
    return input.subarray(start, at);
  });
  return {
    program: undefined,
    interpreted: why,
    print: () => printGraph(topological(simple)),
    input,
    output,
    run() {
      let end = 0;
      for (const value of interpret(simple, inputs, views)) {
        output.set(value as ArrayLike<number>, end);
        end += value.length;
      }
    },
  };
}

function assemble<Data>(
  model: Model<Data>,
  data: Data,
  latents: readonly Latent[],
  flatSites: readonly string[],
  run: Trace,
  engine: Engine,
  inquiry: Inquiry,
  timing: LogDensity["timing"],
  options: LogDensityOptions,
): LogDensity {
  let dim = 0;
  const sites = latents.map(({ name, shape, support, input }): LatentSite => {
    const size = sizeOf(input.shape);
    dim += size;
    return { name, shape, offset: dim - size, size, support };
  });
  const { input, output } = engine;
  const gradient = output.subarray(1);
  const checkLength = (what: string, x: Float64Array): void => {
    if (x?.length === dim) return;
    const got = ArrayBuffer.isView(x) || Array.isArray(x) ? `has ${x.length} numbers` : `is ${describe(x)}`;
    throw new RangeError(
      `${what} ${got}, the model has ${dim} unconstrained coordinates. Give a Float64Array of that length.`,
    );
  };
  const evaluate = (x: Float64Array, grad: Float64Array): number => {
    if (x?.length !== dim || grad?.length !== dim) {
      checkLength("The point", x);
      checkLength("The gradient", grad);
    }
    // For few numbers a loop is faster than the call to copy them.
    if (dim > 64) input.set(x);
    else for (let i = 0; i < dim; i++) input[i] = x[i]!;
    engine.run();
    if (dim > 64) grad.set(gradient);
    else for (let i = 0; i < dim; i++) grad[i] = output[i + 1]!;
    return output[0]!;
  };
  const valueAndGrad = options.debugNans ? watched(evaluate, inquiry) : evaluate;
  const scratch = new Float64Array(dim);
  const constrainAll = lazily(() => constrainer(run, latents, options));
  return {
    dim,
    sites,
    flatSites,
    names: inquiry.names,
    valueAndGrad,
    value: (x) => valueAndGrad(x, scratch),
    constrain: (x) => {
      checkLength("The point", x);
      return Object.fromEntries(constrainAll()([x]).map(({ name, shape, values }) => [name, fromData(values, shape)]));
    },
    constrainAll: (points) => constrainAll()(points),
    unconstrain: (values) => unconstrain(model, data, sites, run.names, values),
    whyNotFinite: (x) => {
      checkLength("The point", x);
      return whyNotFinite(inquiry, x);
    },
    program: engine.program,
    interpreted: engine.interpreted,
    print: engine.print,
    timing,
  };
}

/** The density, which throws where it is NaN or its gradient is not finite, unless the point itself is too far out to have finite values. */
function watched(evaluate: LogDensity["valueAndGrad"], inquiry: Inquiry): LogDensity["valueAndGrad"] {
  return (x, grad) => {
    const value = evaluate(x, grad);
    if (Math.abs(value) === Infinity || (!Number.isNaN(value) && grad.every(Number.isFinite))) return value;
    if (!x.every(Number.isFinite))
      throw new RangeError(`The point is not finite: ${inquiry.names[x.findIndex((v) => !Number.isFinite(v))]}.`);
    if (!sitesAreFinite(inquiry, x)) return value;
    const at = inquiry.names.slice(0, 4).map((name, i) => `${name} = ${x[i]!.toPrecision(4)}`);
    const why = whyNotFinite(inquiry, x) ?? `the compiled log density is ${value}, the interpreted one is finite.`;
    throw new RangeError(`debugNans: ${why}\nUnconstrained coordinates: ${at.join(", ")}${x.length > 4 ? ", …" : ""}.`);
  };
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
  options: LogDensityOptions,
): (points: readonly Float64Array[]) => ConstrainedDraws[] {
  const reported = [...run.sites.values()].filter(
    (site) => site.kind === "deterministic" || (site.kind === "sample" && !site.observed),
  );
  const outputs = reported.map((site) => site.value!.node);
  const engine = makeEngine(
    outputs,
    latents.map((latent) => latent.input),
    options,
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
