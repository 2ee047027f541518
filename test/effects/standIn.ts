/** A normal distribution with no more than what a sample statement needs, so that the effects are tested on their own. */
import type { Samplable, SupportLike } from "../../src/effects/samplable.ts";
import { normal } from "../../src/random/normal.ts";
import { add, isFinite, mul, square, sub, where } from "../../src/tensor/math.ts";
import { sum } from "../../src/tensor/reduce.ts";
import { broadcastTo, expandDims } from "../../src/tensor/shape.ts";
import { broadcastShapes } from "../../src/tensor/shapes.ts";
import { asTensor, hasValue, type Tensor, type TensorLike } from "../../src/tensor/tensor.ts";

export const LOG_PHI_0: number = -0.5 * 1.8378770664093453;

const finite: SupportLike = { name: "real", description: "a finite number", eventDim: 0, check: (x) => isFinite(x) };
export const positive: SupportLike = {
  name: "positive",
  description: "greater than 0",
  eventDim: 0,
  check: (x) => asTensor(Array.from(asTensor(x).data, (v) => v > 0)),
};

/** Normal(loc, 1) with an event of the loc's rightmost `eventDim` axes. */
export function unitNormal(loc: TensorLike = 0, eventDim = 0, visible: Tensor | undefined = undefined): Samplable {
  const mean = asTensor(loc);
  const batchShape = mean.shape.slice(0, mean.rank - eventDim);
  const eventShape = mean.shape.slice(mean.rank - eventDim);
  const see = (x: TensorLike): Tensor => {
    if (visible === undefined) return asTensor(x);
    let wide = visible;
    for (let d = 0; d < eventDim; d++) wide = expandDims(wide, wide.rank);
    return where(wide, x, 0);
  };
  return {
    name: "UnitNormal",
    batchShape,
    eventShape,
    support: finite,
    sample: (key, shape = []) => add(mean, normal(key, [...shape, ...batchShape, ...eventShape])),
    logProb: (x) => {
      const each = add(mul(square(sub(see(x), mean)), -0.5), LOG_PHI_0);
      const joint =
        eventDim === 0
          ? each
          : sum(
              each,
              eventShape.map((_, d) => -1 - d),
            );
      return visible === undefined ? joint : where(visible, joint, 0);
    },
    expand: (batch) => unitNormal(broadcastTo(mean, [...batch, ...eventShape]), eventDim, visible),
    mask: (m) =>
      unitNormal(
        broadcastTo(mean, [...broadcastShapes(batchShape, asTensor(m).shape), ...eventShape]),
        eventDim,
        asTensor(m, "bool"),
      ),
    checkObservation: (value, site) => {
      const seen = see(value);
      if (hasValue(seen) && seen.data.some((v: number) => Number.isNaN(v)))
        throw new RangeError(`site "${site}": some values are NaN`);
    },
  };
}
