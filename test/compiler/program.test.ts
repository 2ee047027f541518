import { describe, expect, test } from "vitest";
import { instantiate, type Program, validate } from "../../src/compiler/program.ts";
import { matmul } from "../../src/tensor/linalg.ts";
import { lgamma } from "../../src/tensor/math.ts";
import { check } from "./check.ts";

const checked = check([[5, 3], [3]], (x, w) => [lgamma(matmul(x, w).exp()).sum(), x.T.tanh()]);
const { program } = checked.compiled;

function run(p: Program): Float64Array[] {
  const instance = instantiate(p);
  checked.values.forEach((x, i) => instance.inputs[i]!.set(x));
  instance.run();
  return instance.outputs.map((x) => x.slice());
}

describe("a Program is plain data", () => {
  test("survives a structured clone", () => {
    expect(run(structuredClone(program))).toEqual(checked.results);
  });
  test("survives a file", () => {
    const text = JSON.stringify(program, (_key, x) =>
      x instanceof Uint8Array ? Buffer.from(x).toString("base64") : x,
    );
    const back = JSON.parse(text, (key, x) =>
      key === "code" || key === "constants" ? Uint8Array.from(Buffer.from(x, "base64")) : x,
    );
    expect(run(back)).toEqual(checked.results);
  });
  test("the same function compiles to the same bytes", () => {
    const again = check([[5, 3], [3]], (x, w) => [lgamma(matmul(x, w).exp()).sum(), x.T.tanh()]);
    expect(again.compiled.program).toEqual(program);
  });
  test("two instances share nothing", () => {
    const [a, b] = [instantiate(program), instantiate(program)];
    a.input.fill(1);
    b.input.fill(2);
    a.run();
    const before = a.output.slice();
    b.run();
    expect(a.output).toEqual(before);
  });
  test("inputs and outputs are also one stretch each, in order", () => {
    const instance = instantiate(program);
    instance.input.set(Float64Array.from({ length: 18 }, (_, i) => i / 10));
    expect(instance.inputs[1]![0]).toBe(1.5);
    instance.run();
    expect(instance.output.length).toBe(16);
    expect(instance.output[0]).toBe(instance.outputs[0]![0]);
    expect(instance.output[1]).toBe(instance.outputs[1]![0]);
  });
  test("describes its ports", () => {
    expect(program.inputs.map((p) => [p.name, p.shape, p.dtype])).toEqual([
      ["x0", [5, 3], "float64"],
      ["x1", [3], "float64"],
    ]);
    expect(program.outputs.map((p) => p.shape)).toEqual([[], [3, 5]]);
  });
});

describe("validate says what is wrong", () => {
  const port = program.inputs[0]!;
  const tampered: readonly (readonly [string, unknown, RegExp])[] = [
    ["nothing", null, /format field is not lapilli-program/],
    ["format", { ...program, format: "other" }, /format field is not lapilli-program/],
    ["version", { ...program, version: 2 }, /version 2 is not known here, 1 is/],
    ["code", { ...program, code: [...program.code] }, /code is not a Uint8Array/],
    ["constants", { ...program, constants: "" }, /constants is not a Uint8Array/],
    ["bytes", { ...program, bytes: 1.5 }, /bytes is 1\.5/],
    ["negative place", { ...program, constantsAt: -8 }, /constantsAt is -8/],
    ["constants outside", { ...program, constantsAt: program.bytes }, /the constants do not fit the memory/],
    ["inputs", { ...program, inputs: {} }, /inputs is not a list/],
    ["port", { ...program, inputs: [null] }, /inputs\[0\] has no shape/],
    ["shape", { ...program, inputs: [{ ...port, shape: [5, -3] }] }, /inputs\[0\] has shape \[5, -3\]/],
    ["size", { ...program, inputs: [{ ...port, size: 14 }] }, /inputs\[0\] has size 14, its shape 15/],
    ["offset", { ...program, inputs: [{ ...port, offset: program.bytes - 8 }] }, /inputs\[0\] lies outside the memory/],
    [
      "misaligned",
      { ...program, inputs: [{ ...port, offset: 20 }] },
      /inputs\[0\] lies outside the memory \(offset 20\)/,
    ],
    [
      "gap",
      { ...program, inputs: [port, { ...program.inputs[1]!, offset: port.offset + 8 * 20 }] },
      /inputs\[1\] does not follow inputs\[0\]/,
    ],
    ["truncated code", { ...program, code: program.code.slice(0, -3) }, /WebAssembly module does not validate/],
    [
      "another module",
      { ...program, code: Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0) },
      /does not export memory and run/,
    ],
  ];
  test.each(tampered)("%s", (_name, wrong, message) => {
    expect(() => instantiate(wrong as Program)).toThrow(message);
    expect(() => instantiate(wrong as Program)).toThrow(/^Not a valid Lapilli program/);
  });
  test("a module with imports", () => {
    // (module (import "a" "b" (func)))
    const code = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 7, 1, 1, 97, 1, 98, 0, 0);
    expect(() => validate({ ...program, code })).toThrow(/its module wants imports/);
  });
  test("more memory promised than the module has", () => {
    expect(() => instantiate({ ...program, bytes: program.bytes + 2 ** 20 })).toThrow(
      /its memory has \d+ bytes, \d+ are needed/,
    );
  });
});

describe("memory", () => {
  test("temporaries that are never needed together share an address", () => {
    const { compiled } = check([[500]], (x) => {
      let y = x;
      // Every round needs a completed sum, so that its values must be stored.
      for (let i = 0; i < 8; i++) y = y.tanh().sub(y.tanh().mean()).exp();
      return y.sum();
    });
    const temporaries = compiled.schedule.buffers.filter(
      (b) => b.kind === "temporary" && b.size === 500 && b.lastStep >= 0,
    );
    expect(temporaries.length).toBeGreaterThan(4);
    expect(compiled.program.bytes).toBeLessThan(500 * 8 * 5 + compiled.program.constants.length);
  });
  test("running allocates nothing", () => {
    const instance = instantiate(program);
    const once = (): void => {
      for (let i = 0; i < 20_000; i++) instance.run();
    };
    once();
    const before = process.memoryUsage().heapUsed;
    for (let k = 0; k < 5; k++) once();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2e5);
  });
});
