/** Random draws with the shapes of distributions. */
import type { Shape } from "../src/compiler/graph.ts";
import type { Key } from "../src/random/key.ts";
import { uniform } from "../src/random/uniform.ts";
import { add } from "../src/tensor/math.ts";
import type { Tensor } from "../src/tensor/tensor.ts";

/** Uniform numbers that are never 0 or 1, so that quantile functions of unbounded distributions stay finite. */
export const openUniform = (key: Key, shape: Shape): Tensor => add(uniform(key, shape), 2 ** -53);
