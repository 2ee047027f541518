/** Shapes that don't fit: plates, observations, arguments. */
import { dist, logDensity, matmul, plate, sample, tensor, zeros } from "lapilli";
import { describe, expect, test } from "vitest";
import { complaint, schools, sigma, wrong, y } from "./message.ts";

const inPlate = (size: number, body: () => void) => complaint(() => logDensity(() => plate("n", size, body), {}));

describe("in a plate", () => {
  test("a distribution of another length", () => {
    const message = inPlate(8, () => {
      sample("z", dist.Normal([0, 1, 2], 1));
    });
    expect(message).toContain('sample site "z": its distribution has batch shape [3], 3 along axis -1');
    expect(message).toContain('plate "n" (dim -1, size 8)');
    expect(message).toContain("make it part of the event with .toEvent(1)");
  });

  test("an observation of another length", () => {
    const message = complaint(() => logDensity(schools, { y: [1, 2, 3], sigma }));
    expect(message).toContain('sample site "y": the observed value has shape [3], but the site has shape [8]');
    expect(message).toContain(
      '3 values along axis -1 for the 8 rows of plate "school": give the plate the size of the data',
    );
  });

  test("an observation with an axis too many", () => {
    const message = inPlate(2, () => {
      const m = sample("m", dist.Normal(0, 1));
      sample("y", dist.Normal(m, 1), {
        obs: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      });
    });
    expect(message).toContain('sample site "y": the observed value has shape [2, 3], but the site has shape [2]');
  });

  test("arguments of a distribution that don't go together, named with the line", () => {
    const message = complaint(() => logDensity(schools, { y, sigma: [1, 2, 3] }));
    expect(message).toMatch(/^The model failed at \S*message\.ts:\d+:\d+, after sample site "theta": Normal: /);
    expect(message).toContain(
      "the shapes of the arguments don't broadcast: loc [8], scale [3]; align their rightmost axes",
    );
  });

  test("a plate in a plate whose axes are exchanged", () => {
    const message = complaint(() =>
      logDensity(() => {
        plate("a", 3, () => plate("b", 4, () => sample("z", dist.Normal(zeros([3, 4]), 1))));
      }, {}),
    );
    expect(message).toContain('sample site "z": its distribution has batch shape [3, 4], 3 along axis -2');
    expect(message).toContain('plate "b" (dim -2, size 4)');
  });

  test("a mask of another length", () => {
    const message = inPlate(3, () => {
      const m = sample("m", dist.Normal(0, 1));
      sample("y", dist.Normal(m, 1), { obs: [1, 2, 3], mask: [true, false] });
    });
    expect(message).toContain(
      'sample site "y": its mask has shape [2], which doesn\'t broadcast to the batch shape [3]',
    );
  });
});

describe("nested plates in the other order than the axes of the data", () => {
  const rows = [
    [1, 2, 3, 4],
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ];
  const order =
    'the outermost, "a", has the rightmost axis (-1), the next one -2: transpose the data, nest the plates the other way round,';
  const nested =
    (inside: () => unknown, options = {}) =>
    () => {
      sample("m", dist.Normal(0, 1));
      plate("a", 3, () => plate("b", 4, inside), options);
    };
  const observed = () => sample("y", dist.Normal(0, 1), { obs: rows });
  const drawn = () => sample("x", dist.Normal(rows, 1));

  test("observations", () => {
    const message = complaint(() => logDensity(nested(observed), {}));
    expect(message).toContain('sample site "y": the observed value has shape [3, 4], but the site has shape [4, 3]');
    expect(message).toContain(`${order} or give plate "a" { dim: -2 }.`);
  });

  test("arguments", () => {
    const message = complaint(() => logDensity(nested(drawn), {}));
    expect(message).toContain('sample site "x": its distribution has batch shape [3, 4], 3 along axis -2');
    expect(message).toContain("Of nested plates, the outermost has the rightmost axis (-1), the next one -2.");
    expect(message).toContain(
      "transpose the arguments, nest the plates the other way round, or give { dim } to the outer plate.",
    );
  });

  test("and the advice helps", () => {
    for (const inside of [observed, drawn]) logDensity(nested(inside, { dim: -2 }), {});
  });
});

describe("the size of a plate", () => {
  test.each<[unknown, string]>([
    [2.5, "got 2.5."],
    [-1, "got -1."],
    [Number.NaN, "got NaN."],
    [0, "got 0. Is the data empty?"],
    ["8", 'got the string "8".'],
    [[1, 2], "got an array of length 2. Give its length."],
    [undefined, "got undefined. Is a field missing from the data?"],
    [() => 0, "got a function. The size comes before the function."],
  ])("%s", (size, end) => {
    const message = complaint(() => plate("n", wrong(size), () => 0));
    expect(message).toContain(`plate "n": size has to be a positive integer, ${end}`);
  });

  test("and its function", () => {
    expect(complaint(() => plate("n", 8, wrong(undefined)))).toContain(
      'plate "n": the third argument has to be a function holding the statements, got undefined. Write plate("n", size, () => { … }, options).',
    );
    expect(complaint(() => plate("n", 8, wrong({ dim: -1 })))).toContain("got an object with keys dim");
    expect(complaint(() => plate("n", 8, async () => 0))).toContain('plate "n": the function returned a Promise');
  });
});

describe("outside of plates", () => {
  test("several observations for a distribution of one number: refused, where NumPyro broadcasts silently", () => {
    const model = () => {
      const m = sample("m", dist.Normal(0, 1));
      sample("y", dist.Normal(m, 1), { obs: [1, 2, 3] });
    };
    const message = complaint(() => logDensity(model, {}));
    expect(message).toContain('sample site "y": the observed value has shape [3], but the site has shape []');
    expect(message).toContain('put the statement into a plate, plate("data", 3, () => sample("y", …))');
  });

  test("an observation without the event's length", () => {
    const message = complaint(() =>
      logDensity(() => {
        const m = sample("m", dist.Normal(0, 1));
        sample(
          "y",
          dist.MultivariateNormal({
            loc: m,
            covarianceMatrix: [
              [1, 0],
              [0, 1],
            ],
          }),
          { obs: [1, 2, 3] },
        );
      }, {}),
    );
    expect(message).toContain(
      'sample site "y": the observed value has shape [3], but its rightmost axes have to be the event shape of',
    );
    expect(message).toContain("event shape [2]");
  });

  test("arrays of different lengths added to a traced tensor", () => {
    const message = complaint(() =>
      logDensity(() => {
        sample("m", dist.Normal([0, 0, 0], 1)).add([1, 2]);
      }, {}),
    );
    expect(message).toMatch(
      /^The model failed at \S*shapes\.test\.ts:\d+:\d+, after sample site "m": add: shapes \[3\] and \[2\] do not broadcast/,
    );
  });

  test("a matrix product", () => {
    const message = complaint(() =>
      logDensity(
        () =>
          matmul(
            [
              [1, 2],
              [3, 4],
            ],
            sample("b", dist.Normal(zeros([3]), 1)),
          ),
        {},
      ),
    );
    expect(message).toContain("does not fit: 2 columns against 3 rows");
  });

  test("a location and a covariance", () => {
    expect(
      complaint(() =>
        dist.MultivariateNormal({
          loc: [0, 0, 0],
          covarianceMatrix: [
            [1, 0],
            [0, 1],
          ],
        }),
      ),
    ).toBe("MultivariateNormal: loc has shape [3], but a draw has 2 entries; give it 2 along its last axis");
    expect(
      complaint(() =>
        dist.MultivariateNormal({
          loc: 0,
          covarianceMatrix: [
            [1, 2, 3],
            [2, 1, 3],
          ],
        }),
      ),
    ).toContain(
      "MultivariateNormal: covarianceMatrix must be symmetric and positive definite, got shape [2, 3]; its last two axes have to be equal",
    );
  });

  test("tensors", () => {
    expect(complaint(() => tensor([1, 2]).item())).toContain("item: a tensor of shape [2] has 2 elements");
    expect(complaint(() => tensor([1, 2, 3]).reshape([2, 2]))).toContain(
      "a tensor of shape [3] has 3 elements, [2, 2] wants 4",
    );
    expect(complaint(() => tensor([1, 2, 3]).sum(1))).toContain("axis 1 is outside a tensor of rank 1");
  });
});
