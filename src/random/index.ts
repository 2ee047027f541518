/** The public names of `random`: keys, the scalar stream and the samplers. */
export { categorical } from "./categorical.ts";
export { binomial, poisson } from "./counts.ts";
export { beta, dirichlet, gamma, logGamma } from "./gamma.ts";
export { bits, bits64, foldIn, isKey, type Key, key, split } from "./key.ts";
export { cauchy, exponential, type LocationScale, normal, studentT } from "./normal.ts";
export { permutation } from "./permutation.ts";
export { type Stream, stream } from "./stream.ts";
export { bernoulli, randint, uniform } from "./uniform.ts";
