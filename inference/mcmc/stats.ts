/** The statistics of a chain. */

/** One entry per kept draw, under ArviZ's names. */
export interface ChainStats {
  /** Log density on the unconstrained scale. */
  readonly lp: Float64Array;
  /** The Hamiltonian at the draw. */
  readonly energy: Float64Array;
  /** The Hamiltonian at the draw minus that at the start of its trajectory. */
  readonly energy_error: Float64Array;
  readonly tree_depth: Int32Array;
  readonly n_steps: Int32Array;
  /** The step size of the transition, jitter included. */
  readonly step_size: Float64Array;
  readonly acceptance_rate: Float64Array;
  /** 1 where the transition diverged, else 0. */
  readonly diverging: Uint8Array;
}

const kinds: { readonly [Name in keyof ChainStats]: new (count: number) => ChainStats[Name] } = {
  lp: Float64Array,
  energy: Float64Array,
  energy_error: Float64Array,
  tree_depth: Int32Array,
  n_steps: Int32Array,
  step_size: Float64Array,
  acceptance_rate: Float64Array,
  diverging: Uint8Array,
};

/** Something for each statistic. */
export const forEachStat = <T>(make: (name: keyof ChainStats) => T): { readonly [Name in keyof ChainStats]: T } =>
  Object.fromEntries((Object.keys(kinds) as (keyof ChainStats)[]).map((name) => [name, make(name)])) as Record<
    keyof ChainStats,
    T
  >;

export const emptyStats = (count: number): ChainStats => forEachStat((name) => new kinds[name](count)) as ChainStats;

/** The first `count` entries of every statistic. */
export const sliceStats = (stats: ChainStats, count: number): ChainStats =>
  forEachStat((name) => stats[name].slice(0, count)) as ChainStats;
