import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { block } from "../../src/effects/handlers/block.ts";
import { replay } from "../../src/effects/handlers/replay.ts";
import { seed } from "../../src/effects/handlers/seed.ts";
import { substitute } from "../../src/effects/handlers/substitute.ts";
import { trace } from "../../src/effects/handlers/trace.ts";
import { deterministic, factor, param, plate, sample } from "../../src/effects/primitives.ts";
import { drawRows } from "../../src/effects/rows.ts";
import { key } from "../../src/random/key.ts";
import { arange, zeros } from "../../src/tensor/create.ts";
import { reshape } from "../../src/tensor/shape.ts";
import { LOG_PHI_0, unitNormal } from "./standIn.ts";

const run = <R>(model: () => R) => trace(seed(model, 0)).get();

describe("axes", () => {
  test("are chosen on entry: the rightmost free one", () => {
    const dims: number[] = [];
    run(() =>
      plate("a", 2, (a) =>
        plate("b", 3, (b) => {
          dims.push(a.dim, b.dim);
          plate("c", 4, (c) => dims.push(c.dim), { dim: -5 });
          plate("d", 4, (d) => dims.push(d.dim));
        }),
      ),
    );
    expect(dims).toEqual([-1, -2, -5, -3]);
  });

  test("an explicit axis leaves the others to the plates inside", () => {
    const t = run(() => plate("a", 2, () => plate("b", 3, () => sample("x", unitNormal())), { dim: -2 }));
    expect(t.value("x").shape).toEqual([2, 3]);
  });

  test("siblings use the same axis", () => {
    const t = run(() => {
      plate("a", 2, () => sample("x", unitNormal()));
      plate("b", 3, () => sample("y", unitNormal()));
    });
    expect([t.value("x").shape, t.value("y").shape]).toEqual([[2], [3]]);
    expect(t.get("y").plates).toEqual([{ name: "b", dim: -1, size: 3, fullSize: 3 }]);
  });

  test("the result of the function is the result of the plate, with its type", () => {
    const pair: { a: number; b: string } = plate("n", 2, ({ size }) => ({ a: size, b: "x" }));
    expect(pair).toEqual({ a: 2, b: "x" });
  });

  test("an axis that is taken, a name that is taken", () => {
    expect(() => plate("a", 2, () => plate("b", 3, () => 0, { dim: -1 }))).toThrow(
      'plate "b" asks for dim -1, which the enclosing plate "a" (dim -1, size 2) occupies. Leave dim out',
    );
    expect(() => plate("a", 2, () => plate("a", 2, () => 0))).toThrow(
      'plate "a" is inside of another plate of the same name (dim -1, size 2)',
    );
  });

  test("bad sizes and axes", () => {
    expect(() => plate("n", 0, () => 0)).toThrow('plate "n": size has to be a positive integer, got 0');
    expect(() => plate("n", 2.5, () => 0)).toThrow("got 2.5");
    expect(() => plate("n", 3, () => 0, { dim: 0 })).toThrow(
      'plate "n": dim has to be a negative integer, counted from the right (-1 is the rightmost), got 0',
    );
    expect(() => plate("n", 3, () => 0, { subsampleSize: 4 })).toThrow("subsampleSize 4 is larger than the size 3");
    expect(() => plate("n", 3, () => 0, { subsampleSize: 0 })).toThrow("subsampleSize has to be a positive integer");
    expect(() => plate("n", 3, unitNormal() as unknown as () => 0)).toThrow("the third argument has to be a function");
    expect(() => plate("n", 3, () => 0, { subsamplesize: 2 } as object)).toThrow(
      'unknown option "subsamplesize"; did you mean "subsampleSize"?',
    );
  });
});

describe("broadcasting", () => {
  test("missing axes and axes of 1 grow; extra axes on the left stay; events are left alone", () => {
    const t = run(() =>
      plate("n", 3, () => {
        sample("scalar", unitNormal());
        sample("one", unitNormal([0]));
        sample("left", unitNormal(zeros([2, 1])));
        sample("event", unitNormal(zeros([5]), 1));
      }),
    );
    expect(t.value("scalar").shape).toEqual([3]);
    expect(t.value("one").shape).toEqual([3]);
    expect(t.value("left").shape).toEqual([2, 3]);
    expect(t.value("event").shape).toEqual([3, 5]);
  });

  test("property: the batch is that of NumPy broadcasting with the plates", () => {
    const sizes = fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(sizes, fc.array(fc.boolean(), { maxLength: 3 }), (plates, grown) => {
        const own = grown.slice(0, plates.length).map((g, i, all) => (g ? plates[all.length - 1 - i]! : 1));
        const nest = (i: number): unknown =>
          i === plates.length ? sample("x", unitNormal(zeros(own))) : plate(`p${i}`, plates[i]!, () => nest(i + 1));
        expect(run(() => nest(0)).value("x").shape).toEqual([...plates].reverse());
      }),
    );
  });

  test("a mismatch names the site, the plate, the axis and both lengths", () => {
    expect(() => run(() => plate("school", 3, () => sample("theta", unitNormal([0, 0]))))).toThrow(
      'sample site "theta": its distribution has batch shape [2], 2 along axis -1, which is the axis of plate "school" (dim -1, size 3). ' +
        "If axis -1 belongs to one row, make it part of the event with .toEvent(1); if the plate is another axis, say so with { dim: -2 }; otherwise the plate's size has to be 2.",
    );
  });

  test("full-size arguments in a subsampled plate", () => {
    const model = () => plate("n", 10, () => sample("y", unitNormal(arange(10)), { obs: 0 }), { subsampleSize: 2 });
    expect(() => run(model)).toThrow(
      'pick them from the arguments, plate("n", 10, ({ subsample }) => … subsample(x) …)',
    );
  });

  test("a site can step out of a plate", () => {
    const t = run(() =>
      plate("a", 2, () => plate("b", 3, () => sample("x", unitNormal(), { infer: { blockPlates: ["a"] } }))),
    );
    expect(t.value("x").shape).toEqual([3, 1]);
    expect(t.get("x").plates.map((p) => p.name)).toEqual(["b"]);
  });

  test("a factor counts once a row", () => {
    const t = run(() =>
      plate("n", 10, () => {
        factor("each", 0.5);
        factor("all", arange(10));
      }),
    );
    expect(t.logProbSum().item()).toBe(5 + 45);
    expect(() => run(() => plate("n", 10, () => factor("f", [1, 2])))).toThrow(
      'factor site "f": its value has batch shape [2]',
    );
  });

  test("sites hidden by block still get the shape of plates outside of it", () => {
    const t = run(() => plate("n", 3, () => trace(block(() => sample("x", unitNormal()))).get()));
    expect(t.has("x")).toBe(false);
    const inner = run(() => plate("n", 3, () => block(() => sample("x", unitNormal()))()));
    expect(inner.result.shape).toEqual([3]);
    expect(inner.has("x")).toBe(false);
  });
});

describe("observations", () => {
  const inPlate = (obs: unknown, d = unitNormal()) =>
    run(() => plate("n", 3, () => sample("y", d, { obs: obs as number[] })));

  test("have the shape of the site, or broadcast to it", () => {
    expect(inPlate([1, 2, 3]).value("y").toArray()).toEqual([1, 2, 3]);
    expect(inPlate(2).value("y").toArray()).toEqual([2, 2, 2]);
    expect(inPlate([1, 2], unitNormal(zeros([2]), 1)).value("y").shape).toEqual([3, 2]);
    expect(inPlate(undefined).get("y")).toMatchObject({ observed: false });
    expect(inPlate(null).get("y")).toMatchObject({ observed: false });
  });

  test("of another length", () => {
    expect(() => inPlate([1, 2, 3, 4, 5])).toThrow(
      'sample site "y": the observed value has shape [5], but the site has shape [3] (batch shape [3], event shape [], in plate "n" (dim -1, size 3)). ' +
        'There are 5 values along axis -1 for the 3 rows of plate "n": give the plate the size of the data.',
    );
  });

  test("of an extra axis", () => {
    expect(() => inPlate(zeros([3, 1]))).toThrow(/the observed value has shape \[3, 1\], but the site has shape \[3\]/);
  });

  test("several values without a plate", () => {
    expect(() => run(() => sample("y", unitNormal(), { obs: [1, 2, 3] }))).toThrow(
      'sample site "y": the observed value has shape [3], but the site has shape [] (batch shape [], event shape [], in no plate). ' +
        'A distribution of one value met several: put the statement into a plate, plate("data", 3, () => sample("y", …)), or, if the values are one joint draw, use .expand(shape).toEvent(1).',
    );
  });

  test("another event", () => {
    expect(() => inPlate(zeros([3, 4]), unitNormal(zeros([2]), 1))).toThrow(
      'sample site "y": the observed value has shape [3, 4], but its rightmost axes have to be the event shape of UnitNormal (batch shape [3], event shape [2]',
    );
  });

  test("all rows for a subsampled plate", () => {
    const model = () => plate("n", 10, () => sample("y", unitNormal(), { obs: arange(10) }), { subsampleSize: 4 });
    expect(() => run(model)).toThrow(
      /plate "n" \(dim -1, size 4 of 10\)\). The plate holds 4 of its 10 rows: pick them, .*obs: subsample\(y\)/,
    );
  });
});

describe("subsampling", () => {
  test("scales by size / subsampleSize: the golden value of NumPyro", () => {
    const model = () => plate("n", 10, () => sample("y", unitNormal(), { obs: 0 }), { subsampleSize: 3 });
    expect(run(model).logProbSum().item()).toBeCloseTo(10 * LOG_PHI_0, 12);
    expect(run(model).logProbSum().item()).toBeCloseTo(-9.189384, 5);
  });

  test("nested plates multiply; factors and params are scaled too", () => {
    const t = run(() =>
      plate(
        "a",
        6,
        () =>
          plate(
            "b",
            8,
            () => {
              sample("x", unitNormal());
              factor("f", 1);
              param("p", 0);
            },
            { subsampleSize: 2 },
          ),
        { subsampleSize: 3 },
      ),
    );
    expect(t.value("x").shape).toEqual([2, 3]);
    expect(["x", "f", "p"].map((name) => (t.get(name) as unknown as { scale: number }).scale)).toEqual([8, 8, 8]);
  });

  test("picks the rows of data and of params", () => {
    const features = reshape(arange(20), [10, 2]);
    const t = run(() =>
      plate(
        "n",
        10,
        ({ indices, subsample }) => {
          const local = param("local", arange(10), { eventDim: 0 });
          const whole = param("whole", arange(10));
          return {
            indices,
            y: subsample(arange(10)),
            x: subsample(features, 1),
            shared: subsample([[7]]),
            scalar: subsample(3),
            local,
            whole,
          };
        },
        { subsampleSize: 4 },
      ),
    );
    const rows = Array.from(t.result.indices.data);
    expect(new Set(rows).size).toBe(4);
    expect(t.result.y.toArray()).toEqual(rows);
    expect(t.result.local.toArray()).toEqual(rows);
    expect(t.result.x.toArray()).toEqual(rows.map((i) => [2 * i, 2 * i + 1]));
    expect(t.result.shared.toArray()).toEqual([[7]]);
    expect(t.result.scalar.item()).toBe(3);
    expect(t.result.whole.shape).toEqual([10]);
    expect(t.value("local").shape).toEqual([10]);
    expect(t.value("n").toArray()).toEqual(rows);
  });

  test("data of another length", () => {
    const model = () => plate("n", 10, ({ subsample }) => subsample(zeros([10, 2])), { subsampleSize: 4 });
    expect(() => run(model)).toThrow(
      'plate "n": subsample: the data of shape [10, 2] has length 2 along axis -1, but the plate has 10 rows',
    );
    const local = () => plate("n", 10, () => param("w", zeros([7]), { eventDim: 0 }), { subsampleSize: 4 });
    expect(() => run(local)).toThrow(
      'plate "n": param site "w" of shape [7] has length 7 along axis -1, but the plate has 10 rows',
    );
  });

  test("a plate that keeps every row has its numbers too, and needs no key", () => {
    expect(plate("n", 3, ({ indices, subsample }) => [indices.toArray(), subsample([4, 5, 6]).toArray()])).toEqual([
      [0, 1, 2],
      [4, 5, 6],
    ]);
    expect(plate("n", 3, ({ indices }) => indices.dtype)).toBe("int32");
  });

  test("without a key", () => {
    expect(() => plate("n", 100, () => 0, { subsampleSize: 10 })).toThrow(
      'plate "n": choosing 10 of 100 rows at random needs a key. Run the model under a seed, seed(model, 0), or give the rows, { subsample: indices }. Sampling with NUTS or HMC needs every row',
    );
  });

  test("given rows", () => {
    expect(
      plate("n", 100, ({ subsample, subsampleSize }) => [subsample(arange(100)).toArray(), subsampleSize], {
        subsample: [5, 99],
      }),
    ).toEqual([[5, 99], 2]);
    expect(() => plate("n", 100, () => 0, { subsample: [5, 100] })).toThrow('plate "n": row 100 is not among 0 … 99');
    expect(() => plate("n", 100, () => 0, { subsample: [5, 9], subsampleSize: 3 })).toThrow(
      "its rows have shape [2], expected [3]",
    );
  });

  test("replay and substitute pass rows on by name", () => {
    const model = () => plate("n", 50, ({ indices }) => indices, { subsampleSize: 5 });
    const guided = run(model);
    expect(
      trace(seed(replay(model, guided), 99))
        .get()
        .result.toArray(),
    ).toEqual(guided.result.toArray());
    expect(substitute(model, { n: [1, 2, 3, 4, 0] })().toArray()).toEqual([1, 2, 3, 4, 0]);
    const other = () => plate("n", 50, () => 0, { subsampleSize: 6 });
    expect(() => replay(other, guided)()).toThrow(
      'replay: plate "n" holds 5 of 50 rows in the trace and 6 of 50 rows in this model',
    );
  });

  test("property: rows are different, in range, and the same for the same key", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), (size, s) => {
        const n = 1 + (s % size);
        const rows = Array.from(drawRows(key(s), size, n).data);
        expect(new Set(rows).size).toBe(n);
        expect(rows.every((i) => i >= 0 && i < size)).toBe(true);
        expect(Array.from(drawRows(key(s), size, n).data)).toEqual(rows);
      }),
    );
  });

  test("every row is equally likely", () => {
    const counts = new Array<number>(5).fill(0);
    for (let s = 0; s < 5000; s++) for (const i of drawRows(key(s), 5, 2).data) counts[i]!++;
    // 2000 expected of each; standard deviation √(5000 · 0.4 · 0.6) ≈ 35.
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(150);
  });
});

test("a deterministic site knows its plates", () => {
  const t = run(() => plate("n", 3, () => deterministic("d", arange(3))));
  expect(t.get("d").plates.map((p) => p.name)).toEqual(["n"]);
});
