/** What a bundler keeps: the rewrites of loops where a page makes loops, and none of their code where it does not. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import ts from "typescript";
import { afterAll, describe, expect, test } from "vitest";
import { pureCalls } from "../../scripts/pureCalls.ts";

const root = resolve(import.meta.dirname, "../..");
const home = mkdtempSync(join(tmpdir(), "lapilli-bundled-"));
writeFileSync(join(home, "package.json"), '{ "type": "module" }');
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Sources as the build gives them out, with the calls of constants marked. */
const outputs = new Map<string, string>();
const marked: Plugin = {
  name: "marked",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const known = outputs.get(path);
      if (known !== undefined) return { contents: known, loader: "js" };
      const { outputText } = ts.transpileModule(readFileSync(path, "utf8"), {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
        transformers: { after: [pureCalls] },
      });
      outputs.set(path, outputText);
      return { contents: outputText, loader: "js" };
    });
  },
};

interface Bundled {
  /** The module namespace of the bundle, run. */
  readonly exports: Record<string, unknown>;
  /** Source files of which something is in the part that loads at once. */
  readonly files: readonly string[];
}
async function bundled(name: string, contents: string): Promise<Bundled> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: root, sourcefile: `${name}.mjs` },
    alias: {
      "lapilli/distributions": `${root}/distributions/index.ts`,
      "lapilli/inference": `${root}/inference/index.ts`,
      lapilli: `${root}/src/index.ts`,
    },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    external: ["node:*"],
    plugins: [marked],
    outdir: join(home, name),
    metafile: true,
  });
  const entry = Object.keys(metafile.outputs).find((file) => metafile.outputs[file]!.entryPoint)!;
  const seen = new Set([entry]);
  for (const file of seen)
    for (const { path, kind } of metafile.outputs[file]!.imports) if (kind === "import-statement") seen.add(path);
  const files = [...seen].flatMap((file) =>
    Object.entries(metafile.outputs[file]!.inputs).flatMap(([input, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [input] : [],
    ),
  );
  return { exports: (await import(pathToFileURL(resolve(root, entry)).href)) as Record<string, unknown>, files };
}

/** Names of the operations of a density, and its value and gradient at the point 0.1, 0.2, …. */
const report = `
const report = (ld) => {
  const names = new Set(), seen = new Set(ld.graph.outputs);
  for (const x of seen) { names.add(x.op.name); x.inputs.forEach((y) => seen.add(y)); }
  const grad = new Float64Array(ld.dim);
  const value = ld.valueAndGrad(Float64Array.from({ length: ld.dim }, (_, i) => 0.1 * (i + 1)), grad);
  return { names: [...names], interpreted: ld.interpreted, numbers: [value, ...grad] };
};`;
const chain = `
const model = () => {
  const p = sample("p", Normal(0, 1));
  const step = (a, y) => [logsumexp(a.expandDims(1).add([[-0.1, -2.3], [-1.2, -0.4]]), 0).add(p.mul(y))];
  factor("chain", logsumexp(scan(step, tensor([-0.7, -0.7]), tensor([[1, 0], [0, 1], [2, 0.5], [0.1, 0.3]])).carry));
};`;

interface Report {
  readonly names: readonly string[];
  readonly interpreted: string | undefined;
  readonly numbers: readonly number[];
}

describe("a bundle", () => {
  test("with a scan rewrites recurrences of log weights, whichever import comes first", async () => {
    const inference = 'import { logDensity, sample, factor, logsumexp, tensor } from "lapilli";';
    const loops = 'import { scan } from "lapilli";';
    const normal = 'import { Normal } from "lapilli/distributions";';
    const body = `${report}${chain}
      export const on = report(logDensity(model, {}));
      export const off = report(logDensity(model, {}, { passes: { probabilitySpace: false } }));`;
    const orders = [
      [inference, normal, loops],
      [loops, normal, inference],
    ];
    const pages = await Promise.all(orders.map((imports, i) => bundled(`chain${i}`, `${imports.join("\n")}${body}`)));
    const [first, second] = pages.map(({ exports }) => exports as { on: Report; off: Report });
    expect(first!.on.names).toContain("logPartition");
    expect(first!.off.names).not.toContain("logPartition");
    expect(first!.on.interpreted).toBe(undefined);
    first!.on.numbers.forEach((x, i) => expect(x).toBeCloseTo(first!.off.numbers[i]!, 12));
    expect(second!.on.numbers).toEqual(first!.on.numbers);
  }, 60_000);

  test("without loops has neither them nor their kernels, and none of the decompositions it does not name", async () => {
    const { files, exports } = await bundled(
      "rows",
      `import { logDensity, sample, plate } from "lapilli";
      import { Normal } from "lapilli/distributions";
      ${report}
      export const on = report(logDensity(() => {
        const mu = sample("mu", Normal(0, 1));
        plate("rows", 3, () => sample("y", Normal(mu, 1), { obs: [1, 2, 3] }));
      }, {}));`,
    );
    expect((exports.on as Report).interpreted).toBe(undefined);
    const unwanted =
      /\/(loop|controlBranch|probabilitySpace|logPartition|recurrence|gaussian|inverse|special\/)|functions\/lgamma/;
    expect(files.filter((file) => unwanted.test(file) && !/loop(Rewrites|Derivatives)\.ts$/.test(file))).toEqual([]);
  }, 60_000);

  test("that only samples loads what small models do without when one needs it", async () => {
    const { files, exports } = await bundled(
      "samples",
      `import { nuts, sample, plate } from "lapilli";
      import { Normal } from "lapilli/distributions";
      const settings = { chains: 1, warmup: 50, draws: 20, seed: 1, progress: false };
      const x = Array.from({ length: 13 }, (_, j) => Array.from({ length: 20 }, (_, i) => ((7 * i * i + 3 * j) % 11) / 11 - 0.5));
      export const small = await nuts(() => { sample("mu", Normal(0, 1)); }, {}, settings);
      export const large = await nuts(() => {
        const b = plate("columns", 13, () => sample("b", Normal(0, 1)));
        plate("rows", 20, () => sample("y", Normal(b.matmul(x), 1), { obs: x[0] }));
      }, {}, settings);
      export const stopped = await nuts(() => { sample("y", Normal(sample("mu", Normal(0, 1)).log().mul(0).add(NaN), 1), { obs: 1 }); }, {}, settings).catch(String);`,
    );
    expect(files.filter((file) => /reroll\w|gemm|blockProducts|strips|nonFinite|workerPool/.test(file))).toEqual([]);
    expect(String(exports.small)).toContain("mu [");
    expect(String(exports.large)).toContain("b [");
    expect(exports.stopped).toContain("NaN");
  }, 60_000);
});
