/** Why chains found no place to start. */
import { key } from "../src/random/key.ts";
import { stream } from "../src/random/stream.ts";
import { NO_STARTING_POINT } from "./mcmc/initial.ts";
import { defaultSettings } from "./mcmc/settings.ts";
import { TOO_FLAT } from "./mcmc/stepSize.ts";
import type { LogDensity } from "./modelDensity.ts";
import { reasonAt } from "./nonFinite.ts";
import { ChainError } from "./runner/job.ts";

/** How many points to look at for an explanation. */
const ATTEMPTS = 20;

/** The error of a chain that could not start, with the reason that the model gives, if it gives one. */
export function explainStart(
  error: ChainError,
  ld: LogDensity,
  radius: number = defaultSettings.initialRadius,
  starts?: readonly (Float64Array | undefined)[],
): ChainError {
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
    const why = reasonAt(ld, start);
    return why === undefined ? undefined : `There, ${why}`;
  }
  const points = Array.from(randomPoints(ld.dim, radius));
  if (message.startsWith(NO_STARTING_POINT)) {
    for (const x of points) {
      const why = reasonAt(ld, x);
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
