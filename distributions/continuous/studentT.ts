import { studentT } from "../../src/random/normal.ts";
import {
  abs,
  add,
  digamma,
  div,
  less,
  lgamma,
  log,
  log1p,
  minimum,
  mul,
  sign,
  sqrt,
  square,
  sub,
  where,
} from "../../src/tensor/math.ts";
import { betainc, betaincinv } from "../../src/tensor/special.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { positive, real } from "../constraints.ts";
import { distribution, type Family } from "../family.ts";
import { LOG_PI, logBeta, whenAbove } from "../formulas.ts";

/** Distribution function of the standard t: from the centre where z² < df, from the tail elsewhere. */
function studentTCdf(z: Tensor, df: Tensor): Tensor {
  const z2 = square(z);
  const half = mul(0.5, df);
  const total = add(df, z2);
  const central = add(0.5, mul(mul(0.5, sign(z)), betainc(0.5, half, div(z2, total))));
  const tail = mul(0.5, betainc(half, 0.5, div(df, total)));
  return where(less(z2, df), central, where(less(z, 0), tail, sub(1, tail)));
}

/** Quantile of the standard t, from the centre or from the tail like its inverse. */
function studentTQuantile(q: Tensor, df: Tensor): Tensor {
  const half = mul(0.5, df);
  const tailMass = mul(2, minimum(q, sub(1, q)));
  const w = betaincinv(0.5, half, sub(1, tailMass));
  const x = betaincinv(half, 0.5, tailMass);
  const size = where(less(0.5, tailMass), sqrt(div(mul(df, w), sub(1, w))), sqrt(div(mul(df, sub(1, x)), x)));
  return mul(sign(sub(q, 0.5)), abs(size));
}

/**
 * Student's t with `df` degrees of freedom, shifted by `loc` and stretched by `scale`.
 *
 * @example
 * StudentT(4, 0, 2.5).variance.item();   // 12.5
 */
export const StudentT: Family<[df: TensorLike, loc?: TensorLike, scale?: TensorLike], "df", "loc" | "scale"> =
  distribution({
    name: "StudentT",
    parameters: {
      df: { constraint: positive },
      loc: { constraint: real, default: 0 },
      scale: { constraint: positive, default: 1 },
    },
    support: real,
    logProb: (x, { df, loc, scale }) => {
      const z2 = square(div(sub(x, loc), scale));
      const normaliser = add(
        add(log(scale), mul(0.5, add(log(df), LOG_PI))),
        sub(lgamma(mul(0.5, df)), lgamma(mul(0.5, add(df, 1)))),
      );
      return sub(mul(mul(-0.5, add(df, 1)), log1p(div(z2, df))), normaliser);
    },
    sample: (key, shape, { df, loc, scale }) => add(loc, mul(scale, studentT(key, df, shape))),
    mean: ({ df, loc }) => whenAbove(df, 1, loc, Number.POSITIVE_INFINITY),
    variance: ({ df, scale }) =>
      whenAbove(
        df,
        2,
        mul(square(scale), div(df, sub(df, 2))),
        whenAbove(df, 1, mul(df, Number.POSITIVE_INFINITY), Number.NaN),
      ),
    entropy: ({ df, scale }) => {
      const half = mul(0.5, df);
      const more = add(half, 0.5);
      return add(
        add(mul(more, sub(digamma(more), digamma(half))), mul(0.5, log(df))),
        add(logBeta(0.5, half), log(scale)),
      );
    },
    cdf: (x, { df, loc, scale }) => studentTCdf(div(sub(x, loc), scale), df),
    icdf: (q, { df, loc, scale }) => add(loc, mul(scale, studentTQuantile(q, df))),
  });
