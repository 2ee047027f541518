/** Distributions from their names and arguments. */
import type { Shape } from "../src/compiler/graph.ts";
import type { TensorLike } from "../src/tensor/tensor.ts";
import * as constraints from "./constraints.ts";
import { type Distribution, type DistributionJSON, Independent, MaskedDistribution } from "./distribution.ts";
import * as families from "./families.ts";
import { ImproperUniform } from "./improperUniform.ts";

type Args = DistributionJSON["args"];

const FAMILIES = families as unknown as Readonly<Record<string, ((args: Args) => Distribution) | undefined>>;

/** Distributions whose arguments aren't all tensors. */
const OTHERS: Readonly<Record<string, ((args: Args) => Distribution) | undefined>> = {
  Independent: ({ base, n }) => Independent(fromJSON(base as DistributionJSON), (n as number | undefined) ?? 1),
  MaskedDistribution: ({ base, mask }) => MaskedDistribution(fromJSON(base as DistributionJSON), mask as TensorLike),
  ImproperUniform: ({ support, batchShape, eventShape }) =>
    ImproperUniform(
      constraintNamed(support),
      (batchShape as Shape | undefined) ?? [],
      (eventShape as Shape | undefined) ?? [],
    ),
};

/**
 * The distribution of a name and arguments: the inverse of `toJSON`. Names of the form `BernoulliProbs` and
 * `BernoulliLogits` mean the family with that argument. Null arguments are left out; `snake_case` names are accepted.
 *
 * @throws TypeError for an unknown name, listing the known ones.
 * @example
 * fromJSON({ name: "Normal", args: { loc: 0, scale: [1, 2] } }).batchShape;   // [2]
 */
export function fromJSON({ name, args }: DistributionJSON): Distribution {
  const make = FAMILIES[name] ?? OTHERS[name] ?? FAMILIES[name.replace(/(Probs|Logits)$/, "")];
  if (make === undefined) {
    throw new TypeError(
      `fromJSON: no distribution is called "${name}"; the names are ${[...Object.keys(FAMILIES), ...Object.keys(OTHERS)].join(", ")}`,
    );
  }
  const present = Object.entries(args).filter(([, value]) => value !== null && value !== undefined);
  return make(Object.fromEntries(present.map(([key, value]) => [camelCase(key), value])));
}

const camelCase = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

function constraintNamed(name: unknown): constraints.Constraint {
  const found = (constraints as Readonly<Record<string, unknown>>)[String(name)];
  if (typeof found === "object" && found !== null) return found as constraints.Constraint;
  throw new TypeError(`fromJSON: no constraint without arguments is called "${String(name)}"`);
}
