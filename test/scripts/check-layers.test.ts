import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { checkLayers } from "../../scripts/check-layers.ts";

const roots: string[] = [];

/** Writes a source tree into a temporary directory and checks it. */
function check(files: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), "layers-"));
  roots.push(root);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return checkLayers(root);
}

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

describe("checkLayers", () => {
  it("accepts downward imports, the root entry, and tests that import the library", () => {
    const violations = check({
      "src/wasm/memory.ts": "export const page = 65536;",
      "src/tensor/tensor.ts": 'import { page } from "../wasm/memory.ts"; export const size = page;',
      "src/autodiff/grad.ts": 'import { size } from "../tensor/tensor.ts"; export const n = size;',
      "inference/index.ts": 'export { n } from "../src/autodiff/grad.ts";',
      "src/index.ts": 'export * from "../inference/index.ts";',
      "test/inference/a.test.ts": 'import { n } from "lapilli"; import "lapilli/inference"; import "node:fs"; n;',
      "test/scripts/b.test.ts": 'import "../../scripts/tool.ts"; import "../inference/a.test.ts";',
      "scripts/tool.ts": "export {};",
    });
    expect(violations).toEqual([]);
  });

  const order =
    "src/wasm src/compiler src/ops src/tensor src/autodiff src/random src/effects distributions inference gp plot";
  const pairs = order.split(" ").flatMap((low, i, all) => all.slice(i + 1).map((high) => [low, high] as const));
  it.each(pairs)("refuses %s importing %s", (low, high) => {
    const up = low.includes("/") ? "../../" : "../";
    expect(check({ [`${low}/a.ts`]: `export * from "${up}${high}/b.ts";`, [`${high}/b.ts`]: "export {};" })).toEqual([
      `${low}/a.ts:1: may not import ${high}/b.ts: ${high} is above ${low}`,
    ]);
  });

  it.each([
    ["type-only", 'import type { B } from "../ops/b.ts"; export type A = B;'],
    ["dynamic", 'export const a = () => import("../ops/b.ts");'],
    ["type position", 'export type A = import("../ops/b.ts").B;'],
    ["side effect", 'import "../ops/b.ts";'],
  ])("sees a %s import", (_, text) => {
    const violations = check({ "src/wasm/a.ts": `\n${text}`, "src/ops/b.ts": "export type B = number;" });
    expect(violations).toEqual(["src/wasm/a.ts:2: may not import src/ops/b.ts: src/ops is above src/wasm"]);
  });

  it("ignores imports in comments and strings", () => {
    const text = '// import "../ops/b.ts"\nexport const s = \'import "../ops/b.ts"\';';
    expect(check({ "src/wasm/a.ts": text, "src/ops/b.ts": "export {};" })).toEqual([]);
  });

  it("refuses the package's own name inside the library", () => {
    expect(check({ "inference/a.ts": 'import "lapilli";', "src/index.ts": "export {};" })).toEqual([
      "inference/a.ts:1: may not import src/index.ts: only users of the package import its root entry",
    ]);
    expect(check({ "distributions/a.ts": 'import "lapilli/inference";', "inference/index.ts": "export {};" })).toEqual([
      "distributions/a.ts:1: may not import inference/index.ts: inference is above distributions",
    ]);
  });

  it("refuses imports from tests, benchmarks, notebooks and, in the library, scripts; posteriors are shared", () => {
    const violations = check({
      "src/index.ts": 'import "../test/t.ts"; import "../scripts/s.ts";',
      "scripts/s.ts": 'import "../bench/b.ts";',
      "test/t.ts": 'import "../notebooks/n.ts";',
      "scripts/u.ts": "export {};",
      "test/posteriors/p.ts": "export {};",
      "bench/b.ts": 'import "../test/posteriors/p.ts"; import "../scripts/u.ts";',
      "notebooks/n.ts": "export {};",
    });
    expect(violations).toEqual([
      "scripts/s.ts:1: may not import bench/b.ts: only scripts/ and test/posteriors/ are shared",
      "src/index.ts:1: may not import test/t.ts: the library does not import from test/",
      "src/index.ts:1: may not import scripts/s.ts: the library does not import from scripts/",
      "test/t.ts:1: may not import notebooks/n.ts: only scripts/ and test/posteriors/ are shared",
    ]);
  });

  it("reports a cycle once, with its path, type-only imports included", () => {
    const violations = check({
      "src/ops/a.ts": 'import type { B } from "./b.ts"; export type A = B;',
      "src/ops/b.ts": 'import { c } from "./c.ts"; export type B = typeof c;',
      "src/ops/c.ts": 'export * from "./a.ts"; export const c = 1;',
      "src/ops/d.ts": 'import "./a.ts";',
    });
    expect(violations).toEqual([
      "src/ops/a.ts: import cycle src/ops/a.ts → src/ops/b.ts → src/ops/c.ts → src/ops/a.ts",
    ]);
  });

  it("asks for a layer for every file of the library", () => {
    expect(check({ "src/helper.ts": "export {};" })[0]).toContain("src/helper.ts: belongs to no layer; move it into");
  });
});
