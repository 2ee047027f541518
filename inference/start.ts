/** Where chains start: points that were given by site, and why none was found. */
import { key } from "../src/random/key.ts";
import { stream } from "../src/random/stream.ts";
import { describe } from "../src/tensor/describe.ts";
import type { TensorLike } from "../src/tensor/tensor.ts";
import type { LogDensity } from "./logDensity.ts";
import { NO_STARTING_POINT } from "./mcmc/initial.ts";
import { defaultSettings } from "./mcmc/settings.ts";
import { TOO_FLAT } from "./mcmc/stepSize.ts";
import { ChainError } from "./runner/job.ts";

type Values = Readonly<Record<string, TensorLike>>;

/**
 * Unconstrained starting points of the chains.
 *
 * @throws TypeError for something that is no start; what `unconstrain` throws for bad values.
 */
export function initialPoints(
  ld: LogDensity,
  chains: number,
  initial: Values | readonly (Values | Float64Array | undefined)[] | undefined,
): (Float64Array | undefined)[] | undefined {
  if (initial === undefined) return undefined;
  const each: readonly unknown[] = Array.isArray(initial) ? initial : new Array(chains).fill(initial);
  if (each.length > chains) {
    throw new TypeError(
      `\`initial\` has ${each.length} starting points for ${chains} chains. Give one for each chain, or values by site for all of them.`,
    );
  }
  return each.map((start, chain) => {
    if (start === undefined || start instanceof Float64Array) return start;
    if (start !== null && typeof start === "object" && !Array.isArray(start) && !ArrayBuffer.isView(start))
      return ld.unconstrain(start as Values);
    throw new TypeError(
      `\`initial\` has to hold values by site, { ${ld.sites[0]!.name}: … }, or a Float64Array of ${ld.dim} unconstrained coordinates for each chain; chain ${chain} has ${describe(start)}.`,
    );
  });
}

/** @throws Error when the log density does not depend on a site at all, so that it cannot integrate to one. */
export function refuseImproper(caller: string, ld: LogDensity): void {
  const [name] = ld.flatSites;
  if (name === undefined) return;
  throw new Error(
    `${caller}: the log density does not depend on sample site "${name}" at all, so the posterior is improper and can't be sampled. ` +
      "Give the site a proper prior, such as dist.Normal(0, 10), or drop it.",
  );
}

/** How many points to look at for an explanation. */
const ATTEMPTS = 20;

/** The error of a chain that could not start, with the reason that the model gives. Other errors are returned as they are. */
export function explainStart(
  error: unknown,
  ld: LogDensity,
  radius: number = defaultSettings.initialRadius,
  starts?: readonly (Float64Array | undefined)[],
): unknown {
  if (!(error instanceof ChainError)) return error;
  const { message } = error.cause as Error;
  const reason = reasonFor(message, ld, radius, starts?.[error.chain]);
  if (reason === undefined) return error;
  return new ChainError(error.chain, new Error(`${message}\n${reason}`, { cause: error.cause }));
}

function reasonFor(
  message: string,
  ld: LogDensity,
  radius: number,
  start: Float64Array | undefined,
): string | undefined {
  if (start?.length === ld.dim && message.includes("`initial` gives")) {
    const why = ld.whyNotFinite(start);
    return why === undefined ? undefined : `There, ${why}`;
  }
  const points = Array.from(randomPoints(ld.dim, radius));
  if (message.startsWith(NO_STARTING_POINT)) {
    for (const x of points) {
      const why = ld.whyNotFinite(x);
      if (why !== undefined)
        return `At one of them, ${why} With { debugNans: true } a run stops wherever a NaN arises, and says this.`;
    }
  }
  if (message.startsWith(TOO_FLAT)) {
    const gradient = new Float64Array(ld.dim);
    const flat = new Set(ld.names);
    for (const x of points) {
      ld.valueAndGrad(x, gradient);
      ld.names.forEach((name, i) => gradient[i] !== 0 && flat.delete(name));
    }
    if (flat.size > 0)
      return `It does not depend at all on ${[...flat].slice(0, 8).join(", ")}${flat.size > 8 ? ", …" : ""}.`;
  }
  return undefined;
}

function* randomPoints(dim: number, radius: number): Generator<Float64Array> {
  const source = stream(key(0));
  for (let i = 0; i < ATTEMPTS; i++)
    yield Float64Array.from({ length: dim }, () => radius * (2 * source.uniform() - 1));
}
