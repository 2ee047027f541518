/**
 * The package as Node loads it: few files in place of hundreds, and the functions that most models call are compiled as they are
 * loaded. Pages have the modules one by one, which bundlers take apart.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import ts from "typescript";
import { eagerFunctions, type FunctionNumbers, numbersOf } from "./eagerFunctions.ts";
import { pureCalls } from "./pureCalls.ts";

/** Writes `dist/node` from a program that was written to `dist`. */
export async function bundleForNode(root: string, program: ts.Program): Promise<void> {
  const dist = join(root, "dist");
  const ran = functionsThatRan(root, dist);
  const eager = ({ fileName }: ts.SourceFile): FunctionNumbers =>
    ran.get(join(dist, relative(root, fileName)).replace(/\.ts$/, ".js")) ?? new Set();
  const files = new Map<string, string>();
  const write = (name: string, text: string): unknown => files.set(name, text);
  program.emit(undefined, write, undefined, false, { after: [pureCalls, eagerFunctions(eager)] });
  const map = (path: string): string => Buffer.from(files.get(`${path}.map`)!).toString("base64");
  await bundleModules(dist, [
    {
      name: "eager functions",
      setup({ onLoad }) {
        onLoad({ filter: /\.js$/ }, ({ path }) => ({
          contents: files
            .get(path)!
            .replace(/^\/\/# sourceMappingURL=.*$/m, `//# sourceMappingURL=data:application/json;base64,${map(path)}`),
        }));
      },
    },
  ]);
}

/** Writes `node` into a folder of modules: a file for each entry of the package, and what they share. */
export async function bundleModules(dist: string, plugins: Plugin[] = []): Promise<void> {
  await build({
    entryPoints: {
      index: join(dist, "src/index.js"),
      distributions: join(dist, "distributions/index.js"),
      inference: join(dist, "inference/index.js"),
      worker: join(dist, "inference/runner/worker.js"),
    },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    sourcemap: true,
    sourcesContent: false,
    outdir: join(dist, "node"),
    plugins,
  });
}

/** The functions in each file of `dist` that usual models run. */
function functionsThatRan(root: string, dist: string): ReadonlyMap<string, FunctionNumbers> {
  const folder = mkdtempSync(join(tmpdir(), "lapilli-"));
  try {
    const models = readFileSync(join(root, "scripts/usualModels.ts"), "utf8");
    const { outputText } = ts.transpileModule(models, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
    writeFileSync(join(folder, "usualModels.mjs"), outputText);
    const main = join(folder, "main.mjs");
    writeFileSync(
      main,
      `import * as lapilli from ${JSON.stringify(pathToFileURL(join(dist, "src/index.js")))};
       import { runUsualModels } from "./usualModels.mjs";
       runUsualModels(lapilli);`,
    );
    const coverage = join(folder, "coverage");
    const env = { ...process.env, NODE_OPTIONS: "", NODE_V8_COVERAGE: coverage };
    const { status, stderr } = spawnSync(process.execPath, [main], {
      env,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`The usual models do not run: ${stderr}`);
    const [file] = readdirSync(coverage);
    return new Map(
      coverageIn(join(coverage, file!)).flatMap(({ url, functions }) => {
        const path = url.startsWith("file:") ? fileURLToPath(url) : "";
        if (!path.startsWith(dist)) return [];
        const ranges = new Set(
          functions.flatMap(({ ranges: [r] }) => (r && r.count > 0 ? [`${r.startOffset}-${r.endOffset}`] : [])),
        );
        return [[path, numbersOf(readFileSync(path, "utf8"), (start, end) => ranges.has(`${start}-${end}`))] as const];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What V8 writes for each script: a function's first range is all of it. */
interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
  }[];
}

const coverageIn = (file: string): readonly ScriptCoverage[] => JSON.parse(readFileSync(file, "utf8")).result;
