/** How the numbers of a test's arguments are drawn, and shapes to draw them for. */
import fc from "fast-check";
import type { DType, TypedArray } from "../../src/compiler/graph.ts";
import { allocate } from "../../src/compiler/shapes.ts";
import { sizeOf, specialValues, uniforms } from "./grid.ts";

/** Where an argument's numbers lie. Inside it an operation is smooth and well conditioned, so finite differences hold. */
export type Domain =
  | readonly [low: number, high: number]
  /** Magnitudes in [0.1, 3], of both signs: away from a kink at 0. */
  | "awayFromZero"
  /** Away from the integers and their halves. */
  | "fractional"
  /** No two closer than 0.03, also between the arguments of one operation: away from ties. */
  | "distinct"
  /** Symmetric positive definite matrices. */
  | "definite"
  /** Well-conditioned triangles (the other half is arbitrary). */
  | "triangular"
  | "truth"
  /** A few small integers, so that equal pairs are common. */
  | "few";

export interface Argument {
  readonly shape: readonly number[];
  readonly domain: Domain;
}

export const dtypeOf = (argument: Argument): DType => (argument.domain === "truth" ? "bool" : "float64");

/** Numbers inside the domain. `position` is that of the argument among the arguments of its operation. */
export function draw({ shape, domain }: Argument, seed: number, position = 0): TypedArray {
  const uniform = uniforms(seed + 7919 * position);
  const size = sizeOf(shape);
  const out = allocate(domain === "truth" ? "bool" : "float64", size);
  const fill = (f: (i: number) => number): TypedArray => {
    for (let i = 0; i < size; i++) out[i] = f(i);
    return out;
  };
  if (typeof domain !== "string") return fill(() => domain[0] + (domain[1] - domain[0]) * uniform());
  const n = shape.at(-1) ?? 1;
  const onDiagonal = (i: number): boolean => Math.floor(i / n) % n === i % n;
  switch (domain) {
    case "awayFromZero":
      return fill(() => (0.1 + 2.9 * uniform()) * (uniform() < 0.5 ? -1 : 1));
    case "fractional":
      return fill(() => Math.floor(8 * uniform()) - 4 + 0.1 + 0.3 * uniform() + (uniform() < 0.5 ? 0.5 : 0));
    case "distinct": {
      const order = Array.from({ length: size }, (_, i) => i);
      for (let i = size - 1; i > 0; i--) {
        const j = Math.floor(uniform() * (i + 1));
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      return fill((i) => 0.1 * (order[i]! - (size >> 1)) + 0.03 * position);
    }
    case "definite": {
      fill(() => uniform() - 0.5);
      const root = Float64Array.from(out);
      return fill((i) => {
        const base = i - (i % (n * n));
        const [r, c] = [Math.floor(i / n) % n, i % n];
        let total = r === c ? 0.5 + n / 4 : 0;
        for (let k = 0; k < n; k++) total += root[base + r * n + k]! * root[base + c * n + k]!;
        return total;
      });
    }
    case "triangular":
      return fill((i) => (onDiagonal(i) ? 1 + uniform() : (uniform() - 0.5) / Math.max(1, n / 4)));
    case "truth":
      return fill(() => (uniform() < 0.5 ? 1 : 0));
    case "few":
      return fill(() => Math.floor(4 * uniform()) - 1);
  }
}

/** As `draw`, with special values strewn in and, when `wide`, magnitudes over the whole range of doubles. */
export function drawSpecial(argument: Argument, seed: number, position: number, wide: boolean): TypedArray {
  const out = draw(argument, seed, position);
  if (argument.domain === "truth") return out;
  const uniform = uniforms(seed + 104729 * (position + 1));
  const specials = wide ? specialValues : specialValues.filter((x) => !(Math.abs(x) > 1 && Number.isFinite(x)));
  for (let i = 0; i < out.length; i++) {
    const kind = uniform();
    if (kind < 0.25) out[i] = specials[Math.floor(uniform() * specials.length)]!;
    else if (wide && kind < 0.4)
      out[i] = (uniform() < 0.5 ? -1 : 1) * 2 ** Math.floor(2000 * uniform() - 1000) * (1 + uniform());
  }
  return out;
}

export const seeds: fc.Arbitrary<number> = fc.integer({ min: 1, max: 2 ** 30 });

const side: fc.Arbitrary<number> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(1) },
  { weight: 12, arbitrary: fc.integer({ min: 2, max: 5 }) },
  { weight: 4, arbitrary: fc.integer({ min: 6, max: 9 }) },
);
/** Shapes without empty dimensions, of `min` to `max` dimensions, up to about 600 elements; sometimes a long vector. */
export const fullShapes = (min = 0, max = 3): fc.Arbitrary<number[]> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.array(side, { minLength: min, maxLength: max }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.array(fc.constant(1), { minLength: Math.max(min - 1, 0), maxLength: Math.max(min - 1, 0) }),
          fc.constantFrom(130, 131, 257),
        )
        .map(([ones, n]) => (max === 0 ? [] : [...ones, n])),
    },
  );
/** Shapes that are sometimes empty. */
export const shapes = (min = 0, max = 3): fc.Arbitrary<number[]> =>
  fc.oneof(
    { weight: 12, arbitrary: fullShapes(min, max) },
    {
      weight: max === 0 ? 0 : 1,
      arbitrary: fc
        .tuple(fc.array(side, { minLength: Math.max(min, 1), maxLength: Math.max(max, 1) }), fc.nat())
        .map(([shape, d]) => shape.map((n, i) => (i === d % shape.length ? 0 : n))),
    },
  );
/** `count` shapes that broadcast together. */
export const broadcasting = (count: number): fc.Arbitrary<number[][]> =>
  shapes().chain((shape) =>
    fc
      .array(
        fc.tuple(
          fc.integer({ min: 0, max: 3 * shape.length }),
          fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 3, maxLength: 3 }),
        ),
        { minLength: count, maxLength: count },
      )
      .map((cuts) =>
        cuts.map(([drop, thin]) =>
          shape.slice(Math.max(drop - 2 * shape.length, 0)).map((n, d) => (thin[d] === 0 ? 1 : n)),
        ),
      ),
  );
