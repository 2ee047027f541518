/** The density that `logDensity` makes, for callers that can wait: what small models do without is loaded when one needs it. */
import { compileWith } from "../src/compiler/compileWith.ts";
import { NotLoaded, noParts } from "../src/compiler/parts.ts";
import { withPasses } from "../src/compiler/passes.ts";
import { rewriteDensity } from "../src/ops/rewriteDensity.ts";
import { mayBeRolled } from "../src/ops/rollable.ts";
import type { LogDensityOptions } from "./logDensity.ts";
import { buildDensity, type DensityParts, type LogDensity, type Model, traceDensity } from "./modelDensity.ts";

type OnDemand = typeof import("./onDemand.ts");
let loaded: OnDemand | undefined;

/** Whether what small models do without is there. */
export const isLoaded = (): boolean => loaded !== undefined;

/** Loads what few models need; at once when it is there. */
export async function load(): Promise<OnDemand> {
  loaded ??= await import("./onDemand.ts");
  return loaded;
}

const notLoaded = (): never => {
  throw new NotLoaded("the library has been loaded in part");
};
/** With what has been loaded. */
const parts: DensityParts = {
  compile: (...graph) => (loaded ? loaded.compile(...graph) : compileWith(noParts, ...graph)),
  unconstrain: (...values) => (loaded ?? notLoaded()).unconstrain(...values),
};

/** Runs `body`, and once more when it wanted a part of the compiler that had not been loaded. */
export async function loading<T>(body: () => T): Promise<T> {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof NotLoaded)) throw error;
    await load();
    return body();
  }
}

/** Traces and compiles a model whose options have been checked. The program is that of `logDensity`, to the byte. */
export async function loadDensity<Data>(
  model: Model<Data>,
  data: Data,
  { passes = {}, debugNans, ...options }: LogDensityOptions,
): Promise<LogDensity> {
  const traced = withPasses(passes, () => traceDensity(model, data));
  const roll = mayBeRolled(traced.total) ? (await load()).rollRows : undefined;
  const ld = await loading(() =>
    withPasses(passes, () => {
      const rewritten = rewriteDensity(traced.total, traced.inputs, roll);
      return buildDensity({ ...traced, ...rewritten }, options, parts);
    }),
  );
  return debugNans ? (await load()).watched(ld) : ld;
}
