/** Statements of a model in functions that are traced once and run many times. */
import {
  cond,
  dist,
  factor,
  greater,
  jit,
  logDensity,
  odeint,
  plate,
  sample,
  scan,
  seed,
  type Tensor,
  tensor,
  whileLoop,
} from "lapilli";
import { describe, expect, it } from "vitest";

const says = (site: string, owner: string): RegExp =>
  new RegExp(
    `${site}.* stands in a function given to ${owner}, which is traced once.*draw what the steps need in a plate`,
    "s",
  );

describe("a statement in a traced body is refused by name", () => {
  const a = (): Tensor => sample("a", dist.Normal(0, 1));
  it.each<[string, string, () => unknown]>([
    [
      'sample site "e"',
      "scan",
      () => scan((p: Tensor) => [p.add(sample("e", dist.Normal(0, 1)))], tensor(0), undefined, { length: 5 }),
    ],
    [
      'sample site "z"',
      "scan",
      () => scan((p: Tensor) => [sample("z", dist.Normal(p, 1))], tensor(0), undefined, { length: 5 }),
    ],
    [
      'factor site "f"',
      "scan",
      () =>
        scan(
          (p: Tensor) => {
            factor("f", a());
            return [p];
          },
          tensor(0),
          undefined,
          { length: 5 },
        ),
    ],
    [
      'factor site "p"',
      "cond",
      () =>
        cond(
          greater(a(), 0),
          () => {
            factor("p", -100);
            return tensor(1);
          },
          () => tensor(0),
        ),
    ],
    [
      'sample site "w"',
      "whileLoop",
      () =>
        whileLoop(
          (x: Tensor) => greater(1, x),
          (x: Tensor) => x.add(sample("w", dist.Exponential(1))),
          tensor(0),
          { maxSteps: 9 },
        ),
    ],
    [
      'sample site "k"',
      "odeint",
      () => odeint((y: Tensor) => y.mul(sample("k", dist.Normal(0, 1))), tensor(1), [0, 1]),
    ],
    ['sample site "b"', "jit", () => jit((x: Tensor) => sample("b", dist.Normal(x, 1)))(1)],
  ])("%s in %s", (site, owner, statement) => {
    // `a` is drawn where the body wants it outside.
    const model = (): unknown =>
      site === 'factor site "f"'
        ? scan(
            (p: Tensor) => {
              factor("f", 1);
              return [p];
            },
            tensor(0),
            undefined,
            { length: 5 },
          )
        : statement();
    expect(() => seed(model, 0)()).toThrow(says(site, owner));
    expect(() => logDensity(model, undefined)).toThrow(says(site, owner));
  });

  it("and what it recommends works", () => {
    const y = [0.5, 1, 0.2, -0.3, 0.4];
    const model = (): void => {
      const slope = a();
      const e = plate("time", 5, () => sample("e", dist.Normal(0, 1)));
      const { ys } = scan(
        (p: Tensor, x: Tensor) => {
          const next = p.mul(slope).add(x);
          return [next, next];
        },
        tensor(0),
        e,
      );
      plate("t", 5, () => sample("y", dist.Normal(ys, 0.5), { obs: y }));
    };
    expect(logDensity(model, undefined).sites.map((s) => [s.name, s.size])).toEqual([
      ["a", 1],
      ["e", 5],
    ]);
  });
});
