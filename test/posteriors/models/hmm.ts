import {
  add,
  constraints,
  dist,
  expandDims,
  factor,
  log,
  logsumexp,
  sample,
  scan,
  slice,
  stack,
  type Tensor,
} from "lapilli";
import { asIs, type Posterior, posterior } from "../posterior.ts";

/**
 * The log probability of observations with the states summed out: the forward algorithm.
 *
 * @param transition - log probabilities, from state (rows) to state (columns)
 * @param emission - log densities of the observations in each state, [times, states]
 */
function forward(transition: Tensor, emission: Tensor): Tensor {
  const { carry } = scan(
    (alpha, here) => [logsumexp(add(expandDims(alpha, 1), transition), 0).add(here)],
    emission.at(0),
    slice(emission, [1]),
  );
  return logsumexp(carry);
}

interface Series {
  readonly y: readonly number[];
}

const mixture = ({ y }: Series): void => {
  const theta1 = sample("theta1", dist.ImproperUniform(constraints.simplex, [], [2]));
  const theta2 = sample("theta2", dist.ImproperUniform(constraints.simplex, [], [2]));
  const mu = sample("mu", dist.ImproperUniform(constraints.positiveOrderedVector, [], [2]));
  factor("mu_prior", dist.Normal([3, 10], 1).logProb(mu));
  const emission = dist.Normal(mu, 1).logProb(expandDims(y, 1));
  factor("y", forward(log(stack([theta1, theta2])), emission));
};

export const hmmExample: Posterior = posterior<Series>("hmm_example-hmm_example", asIs, mixture);

interface Drives {
  readonly u: readonly number[];
  readonly v: readonly number[];
  readonly alpha: readonly (readonly number[])[];
}

const drives = ({ u, v, alpha }: Drives): void => {
  const theta1 = sample("theta1", dist.Dirichlet(alpha[0]!));
  const theta2 = sample("theta2", dist.Dirichlet(alpha[1]!));
  const phi = sample("phi", dist.ImproperUniform(constraints.positiveOrderedVector, [], [2]));
  const lambda = sample("lambda", dist.ImproperUniform(constraints.positiveOrderedVector, [], [2]));
  factor("phi_prior", dist.Normal([0, 3], 1).logProb(phi));
  factor("lambda_prior", dist.Normal([0, 3], 1).logProb(lambda));
  const emission = add(
    dist.Exponential(phi).logProb(expandDims(u, 1)),
    dist.Exponential(lambda).logProb(expandDims(v, 1)),
  );
  factor("uv", forward(log(stack([theta1, theta2])), emission));
};

export const hmmDrive: Posterior = posterior<Drives>("bball_drive_event_0-hmm_drive_0", asIs, drives);
