/** Every sampler: with the functions of `key.ts` and `stream.ts`, what `random` offers. */
export { categorical } from "./categorical.ts";
export { binomial, poisson } from "./counts.ts";
export { beta, dirichlet, gamma, logGamma } from "./gamma.ts";
export { cauchy, exponential, type LocationScale, normal, studentT } from "./normal.ts";
export { permutation } from "./permutation.ts";
export { bernoulli, randint, uniform } from "./uniform.ts";
