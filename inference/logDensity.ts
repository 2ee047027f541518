/** The seam between models and samplers: a model and its data become a density over one flat unconstrained vector. */

import { biject } from "../distributions/biject.ts";
import type { Constraint, Transform } from "../distributions/types.ts";
import { pullback } from "../src/autodiff/reverse.ts";
import { compile } from "../src/compiler/compile.ts";
import type { Node, TypedArray } from "../src/compiler/graph.ts";
import { type InterpretOptions, interpret } from "../src/compiler/interpret.ts";
import { inputNode, scalar } from "../src/compiler/node.ts";
import { printGraph, printProgram } from "../src/compiler/print.ts";
import { instantiate, type Program } from "../src/compiler/program.ts";
import { NotCompilable } from "../src/compiler/schedule.ts";
import { simplify, topological } from "../src/compiler/simplify.ts";
import { trace } from "../src/effects/handlers/trace.ts";
import type { Message, SampleMessage } from "../src/effects/message.ts";
import { type Handler, withHandler } from "../src/effects/stack.ts";
import type { Trace } from "../src/effects/trace.ts";
import { broadcastTo } from "../src/ops/map.ts";
import { formatShape, sizeOf } from "../src/tensor/shapes.ts";
import { asTensor, fromData, type Shape, type Tensor, type TensorLike, wrap } from "../src/tensor/tensor.ts";
import { features } from "../src/wasm/featureProbe.ts";
import { siteNames } from "./diagnostics/siteNames.ts";

/** A model: any function of data that calls `sample`. */
export type Model<Data> = (data: Data) => unknown;

export interface LogDensityOptions extends InterpretOptions {
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
  /** Names of the unconstrained coordinates: `theta[3]`. */
  readonly names: readonly string[];
  /** Writes the gradient into `grad` and returns the log density; allocates nothing. @throws RangeError for arrays of another length. */
  valueAndGrad(x: Float64Array, grad: Float64Array): number;
  value(x: Float64Array): number;
  /** Values of all latent and deterministic sites on the model's own scale. */
  constrain(x: Float64Array): Record<string, Tensor>;
  /** The flat vector of given values of the latent sites. @throws Error for a missing site or a value outside its support. */
  unconstrain(values: Readonly<Record<string, TensorLike>>): Float64Array;
  /** Values of all latent and deterministic sites at many points, laid out [point][element], for each site. */
  constrainAll(points: readonly Float64Array[]): ConstrainedDraws[];
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

interface Latent {
  readonly name: string;
  readonly input: Node;
  readonly shape: Shape;
  readonly support: Constraint;
  readonly logJacobian: Tensor;
}

const isLatent = (msg: Message): msg is SampleMessage => msg.kind === "sample" && !msg.observed;

/** @throws Error for a site that has no unconstrained coordinates, such as a discrete one. */
function transformOf(msg: SampleMessage): Transform {
  try {
    return biject(msg.distribution.support as Constraint);
  } catch (cause) {
    throw new Error(
      `Sample site "${msg.name}" (${msg.distribution.name}) has support ${msg.distribution.support.name}, which no gradient-based method can ` +
        "move in. Observe it, or sum it out of the model.",
      { cause },
    );
  }
}

/** Supplies a traced unconstrained variable to every latent site. */
function parameterise(latents: Latent[]): Handler {
  return {
    name: "logDensity",
    process(msg) {
      if (!isLatent(msg) || msg.value !== undefined) return;
      const transform = transformOf(msg);
      const { batchShape, eventShape, support } = msg.distribution;
      const shape = [...batchShape, ...eventShape];
      const input = inputNode(transform.inverseShape(shape), "float64", msg.name);
      const unconstrained = wrap(input);
      const value = transform.forward(unconstrained);
      const logJacobian = transform.logAbsDetJacobian(unconstrained, value).sum();
      latents.push({ name: msg.name, input, shape, support: support as Constraint, logJacobian });
      msg.value = value;
    },
  };
}

/**
 * Traces a model on data, differentiates its log density and compiles both to one program. Data are constants: whatever
 * depends on them alone is computed once.
 *
 * @param model - any function that calls `sample`; it is called once
 * @param data - its argument
 * @throws Error when the model has no latent site, or throws; errors name the site.
 * @example
 * const ld = logDensity(() => { sample("x", dist.Normal(0, 1)); }, {});
 * ld.valueAndGrad(Float64Array.of(1), new Float64Array(1)); // -1.4189385332046727
 */
export function logDensity<Data>(model: Model<Data>, data: Data, options: LogDensityOptions = {}): LogDensity {
  const started = performance.now();
  const latents: Latent[] = [];
  const run = withHandler(parameterise(latents), () => trace(model).get(data));
  if (latents.length === 0) {
    throw new Error(
      "The model has no latent sample site, so there is nothing to infer: every sample statement is observed, or there is none. " +
        'Add sample("name", distribution) without obs.',
    );
  }
  const total = latents.reduce((sum, latent) => sum.add(latent.logJacobian), run.logProbSum());
  const inputs = latents.map((latent) => latent.input);
  const adjoints = pullback([total.node], [scalar(1)], inputs);
  const gradients = adjoints.map((g, i) => g ?? broadcastTo(scalar(0), inputs[i]!.shape));
  const traced = performance.now();
  const engine = makeEngine([total.node, ...gradients], inputs, options);
  const compiled = performance.now();
  return assemble(
    model,
    data,
    latents,
    run,
    engine,
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
      return interpretedEngine(outputs, inputs, error.message, options);
    }
  }
  return interpretedEngine(outputs, inputs, reason, options);
}

/** Why not to compile, if there is a reason that does not depend on the model. */
function whyInterpret({ interpret, debugNans }: LogDensityOptions): string | undefined {
  if (interpret || debugNans) return "asked for by the options";
  const { webAssembly, simd } = features();
  if (!webAssembly) {
    return (
      "WebAssembly is not available: the engine has none, or the page's content security policy forbids it " +
      "(script-src 'wasm-unsafe-eval' would allow it)"
    );
  }
  return simd ? undefined : "the engine's WebAssembly has no SIMD";
}

function interpretedEngine(
  outputs: readonly Node[],
  inputs: readonly Node[],
  why: string,
  options: InterpretOptions,
): Engine {
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
      for (const value of interpret(simple, inputs, views, options)) {
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
  run: Trace,
  engine: Engine,
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
    if (x.length !== dim)
      throw new RangeError(`${what} has ${x.length} numbers, the model has ${dim} unconstrained coordinates.`);
  };
  const valueAndGrad = (x: Float64Array, grad: Float64Array): number => {
    if (x.length !== dim || grad.length !== dim) {
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
  const scratch = new Float64Array(dim);
  const constrainAll = lazily(() => constrainer(run, latents, options));
  return {
    dim,
    sites,
    names: latents.flatMap(({ name, input }) => siteNames(name, input.shape)),
    valueAndGrad,
    value: (x) => valueAndGrad(x, scratch),
    constrain: (x) => {
      checkLength("The point", x);
      return Object.fromEntries(constrainAll()([x]).map(({ name, shape, values }) => [name, fromData(values, shape)]));
    },
    constrainAll: (points) => constrainAll()(points),
    unconstrain: (values) => unconstrain(model, data, sites, values),
    program: engine.program,
    interpreted: engine.interpreted,
    print: engine.print,
    timing,
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

/** Runs the model at the given values, because a support may depend on other sites. */
function unconstrain<Data>(
  model: Model<Data>,
  data: Data,
  sites: readonly LatentSite[],
  values: Readonly<Record<string, TensorLike>>,
): Float64Array {
  const missing = sites.filter(({ name }) => values[name] === undefined).map(({ name }) => `"${name}"`);
  if (missing.length > 0) {
    throw new Error(
      `unconstrain: no value for ${missing.join(", ")}; give every latent site: ${sites.map((s) => `"${s.name}"`).join(", ")}.`,
    );
  }
  const parts = new Map<string, TypedArray>();
  const invert: Handler = {
    name: "unconstrain",
    process(msg) {
      if (!isLatent(msg) || msg.value !== undefined) return;
      const { batchShape, eventShape, support } = msg.distribution;
      const value = asTensor(values[msg.name]!);
      const shape = [...batchShape, ...eventShape];
      if (formatShape(value.shape) !== formatShape(shape)) {
        throw new TypeError(
          `unconstrain: the value of "${msg.name}" has shape ${formatShape(value.shape)}, the site ${formatShape(shape)}.`,
        );
      }
      if (!support.check(value).data.every((ok) => ok !== 0)) {
        throw new RangeError(
          `unconstrain: the value of "${msg.name}" lies outside its support ${support.name}: ${String(value)}.`,
        );
      }
      parts.set(msg.name, transformOf(msg).inverse(value).data);
      msg.value = value;
    },
  };
  withHandler(invert, () => model(data));
  const flat = new Float64Array(sites.reduce((n, s) => n + s.size, 0));
  for (const { name, offset } of sites) flat.set(parts.get(name)! as ArrayLike<number>, offset);
  return flat;
}
