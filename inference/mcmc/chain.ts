/** One chain: warm-up, draws, statistics. */
import { foldIn, type Key, key } from "../../src/random/key.ts";
import { stream as streamOf } from "../../src/random/stream.ts";
import type { Density } from "./density.ts";
import { hamiltonian } from "./hamiltonian.ts";
import { hmc } from "./hmc.ts";
import { givenPoint, initialPoint } from "./initial.ts";
import { diagonalMetric } from "./metric.ts";
import { nuts } from "./nuts.ts";
import { type ChainSettings, chainSettings } from "./settings.ts";
import { type ChainStats, emptyStats, sliceStats } from "./stats.ts";
import { searchStepSize } from "./stepSize.ts";
import { warmup } from "./warmup.ts";

/** Everything a finished (or interrupted) chain leaves behind. Plain data. */
export interface ChainResult {
  readonly chain: number;
  readonly dim: number;
  /** Kept draws: fewer than asked for when the chain was interrupted. */
  readonly count: number;
  /** Row-major [count, dim], on the unconstrained scale. */
  readonly draws: Float64Array;
  readonly stats: ChainStats;
  readonly gradients: number;
  readonly warmupGradients: number;
  readonly warmupMs: number;
  readonly drawMs: number;
  /** Where the chain started. */
  readonly initial: Float64Array;
  /** What continues the chain: the settings `{ warmup: 0, initial, scale, stepSize }`. */
  readonly adapted: { readonly position: Float64Array; readonly scale: Float64Array; readonly stepSize: number };
  /** Positions where diverging steps started, row-major [n, dim], the first hundred after warm-up. */
  readonly divergences: Float64Array;
}

export type Phase = "warmup" | "sampling" | "done";

/** A chain that is advanced a transition at a time, by whoever schedules it. */
export interface Chain {
  readonly id: number;
  readonly phase: Phase;
  /** Transitions so far, warm-up included, and in all. */
  readonly done: number;
  readonly total: number;
  /** Diverging transitions after warm-up. */
  readonly divergences: number;
  readonly stepSize: number;
  /** One transition. Does nothing once the phase is "done". */
  advance(): void;
  /** What was drawn so far. */
  result(): ChainResult;
}

const KEPT_DIVERGENCES = 100;

/**
 * Starts chain number `id`: finds a starting point and a first step size. Its random numbers depend on `seed` and `id` alone, so a
 * chain is the same whatever runs beside it.
 *
 * @throws when settings are out of range, or no starting point or step size is found.
 */
export function startChain(
  density: Density,
  given: Partial<ChainSettings>,
  seed: number | string | Key,
  id = 0,
): Chain {
  const settings = chainSettings(given);
  const { dim } = density;
  const { warmup: warmupLength, draws: drawCount, stepSizeJitter } = settings;
  const total = warmupLength + drawCount;
  const root = typeof seed === "number" || typeof seed === "string" ? key(seed) : seed;
  const stream = streamOf(foldIn(root, id));
  const startTime = performance.now();

  if (settings.scale !== undefined && settings.scale.length !== dim) {
    throw new Error(
      `startChain: \`scale\` has ${settings.scale.length} numbers but the density ${dim} unconstrained coordinates.`,
    );
  }
  const metric = diagonalMetric(dim, settings.scale?.slice());
  const h = hamiltonian(density, metric, stream);
  const kernel = settings.algorithm === "nuts" ? nuts(h, settings) : hmc(h, settings);
  const { last } = kernel;

  const chosen = settings.initial?.[id];
  const start =
    chosen !== undefined
      ? givenPoint(density, chosen, settings.names)
      : initialPoint(density, stream, {
          radius: settings.initialRadius,
          candidates: settings.initialCandidates,
          attempts: settings.initialAttempts,
          ...(settings.names && { names: settings.names }),
        });
  h.evaluations += start.evaluations;
  let state = kernel.init(start.x);
  const tuning =
    warmupLength > 0
      ? warmup(h, metric, state, {
          length: warmupLength,
          targetAcceptance: settings.targetAcceptance,
          adaptMetric: settings.scale === undefined,
          ...(settings.stepSize !== undefined && { stepSize: settings.stepSize }),
        })
      : undefined;

  const draws = new Float64Array(drawCount * dim);
  const stats = emptyStats(drawCount);
  const divergenceStarts = new Float64Array(Math.min(KEPT_DIVERGENCES, drawCount) * dim);
  let phase: Phase = total === 0 ? "done" : warmupLength > 0 ? "warmup" : "sampling";
  let stepSize = tuning?.stepSize() ?? settings.stepSize ?? searchStepSize(h, state);
  let done = 0;
  let divergences = 0;
  let warmupGradients = h.evaluations;
  let warmupEnd = performance.now();
  let drawEnd = warmupEnd;

  function step(): number {
    const jittered = stepSizeJitter > 0 ? stepSize * (1 + stepSizeJitter * (2 * stream.uniform() - 1)) : stepSize;
    state = kernel.step(state, jittered);
    return jittered;
  }

  function tune(): void {
    if (tuning === undefined) return;
    step();
    tuning.update(done, state, last);
    stepSize = tuning.stepSize();
    if (done + 1 < warmupLength) return;
    stepSize = tuning.finish();
    warmupGradients = h.evaluations;
    warmupEnd = drawEnd = performance.now();
  }

  function draw(): void {
    const used = step();
    const i = done - warmupLength;
    draws.set(state.x, i * dim);
    stats.lp[i] = state.logDensity;
    stats.energy[i] = state.energy;
    stats.energy_error[i] = last.energyError;
    stats.tree_depth[i] = last.depth;
    stats.n_steps[i] = last.steps;
    stats.step_size[i] = used;
    stats.acceptance_rate[i] = last.acceptance;
    if (!last.diverging) return;
    stats.diverging[i] = 1;
    if (divergences < KEPT_DIVERGENCES) divergenceStarts.set(last.divergenceStart, divergences * dim);
    divergences++;
  }

  return {
    id,
    total,
    get phase() {
      return phase;
    },
    get done() {
      return done;
    },
    get divergences() {
      return divergences;
    },
    get stepSize() {
      return stepSize;
    },
    advance() {
      if (phase === "done") return;
      if (phase === "warmup") tune();
      else draw();
      done++;
      phase = done < warmupLength ? "warmup" : done < total ? "sampling" : "done";
      if (phase === "done") drawEnd = performance.now();
    },
    result() {
      const count = Math.max(0, done - warmupLength);
      const inWarmup = phase === "warmup";
      const now = performance.now();
      const whole = count === drawCount;
      return {
        chain: id,
        dim,
        count,
        draws: whole ? draws : draws.slice(0, count * dim),
        stats: whole ? stats : sliceStats(stats, count),
        gradients: h.evaluations,
        warmupGradients: inWarmup ? h.evaluations : warmupGradients,
        warmupMs: (inWarmup ? now : warmupEnd) - startTime,
        drawMs: inWarmup ? 0 : (phase === "done" ? drawEnd : now) - warmupEnd,
        initial: start.x,
        adapted: { position: state.x.slice(), scale: metric.scale.slice(), stepSize },
        divergences: divergenceStarts.slice(0, Math.min(divergences, KEPT_DIVERGENCES) * dim),
      };
    },
  };
}

export interface ChainHooks {
  /** Called after every transition; return false to stop early. */
  readonly afterTransition?: (chain: Chain) => boolean | undefined;
}

/**
 * Runs chain number `id` to its end, without pausing.
 *
 * @example
 * const normal: Density = {
 *   dim: 1,
 *   valueAndGrad(x, grad) {
 *     grad[0] = -x[0];
 *     return -0.5 * x[0] * x[0];
 *   },
 * };
 * const { draws, stats } = runChain(normal, { warmup: 400, draws: 1000 }, 0);
 */
export function runChain(
  density: Density,
  settings: Partial<ChainSettings> = {},
  seed: number | string | Key = 0,
  id = 0,
  { afterTransition }: ChainHooks = {},
): ChainResult {
  const chain = startChain(density, settings, seed, id);
  while (chain.phase !== "done") {
    chain.advance();
    if (afterTransition !== undefined && afterTransition(chain) === false) break;
  }
  return chain.result();
}
