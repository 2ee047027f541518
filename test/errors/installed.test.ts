/** Messages point at the user's line where the package is installed or bundled, with and without source maps. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleModules } from "../../scripts/nodeBundle.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folders = ["src", "distributions", "inference"];
let home: string;

/** A model that fails on line 3, and an operation that gives NaN, on line 5. */
const program = (imports: string, report: string): string => `${imports}
try { logDensity(() => {
  sample("x", dist.Normal(0, -1));
}, {}); } catch (error) { ${report}(error.message); }
const model = () => { sample("y", dist.Normal(0, log(sample("x", dist.Normal(0, 1)))), { obs: 1 }); };
${report}(whyNotFinite(logDensity(model, {}), Float64Array.of(-1)));
`;
const names = "{ dist, log, logDensity, nuts, sample, whyNotFinite }";

const run = async (file: string, ...flags: string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [...flags, join(home, file)], { cwd: home })).stdout;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "lapilli-installed-"));
  const installed = join(home, "node_modules/lapilli");
  for (const folder of folders) cpSync(join(root, folder), join(installed, folder), { recursive: true });
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  cpSync(join(root, "node_modules/seedrandom"), join(home, "node_modules/seedrandom"), { recursive: true });
  const outdir = join(installed, "dist");
  const sources = folders
    .flatMap((folder) =>
      readdirSync(join(installed, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
    )
    .filter((file) => /(?<!\.d)\.ts$/.test(file));
  await build({
    entryPoints: sources.map((file) => join(installed, file)),
    outdir,
    outbase: installed,
    sourcemap: true,
    target: "es2022",
    format: "esm",
    logLevel: "error",
  });
  for (const file of sources.map((source) => join(outdir, source.replace(/ts$/, "js"))))
    writeFileSync(file, readFileSync(file, "utf8").replace(/(from |import\(|import )"(\.[^"]*)\.ts"/g, '$1"$2.js"'));
  await bundleModules(outdir);
  writeFileSync(join(home, "user.mjs"), program(`import ${names} from "lapilli";`, "console.log"));
  writeFileSync(join(home, "package.json"), JSON.stringify({ name: "user", private: true }));
}, 60_000);

afterAll(() => rmSync(home, { recursive: true, force: true }));

const bundle = (file: string, contents: string, options: object = {}): Promise<unknown> =>
  build({
    stdin: { contents, resolveDir: home, sourcefile: "model.mjs" },
    outfile: join(home, file),
    bundle: true,
    platform: "node",
    target: "es2022",
    logLevel: "error",
    ...options,
  });

const pointsAt = (output: string, file: string): void => {
  const [failure, reason] = output.trim().split("\n");
  expect(failure).toMatch(/Normal: scale must be positive, got -1/);
  expect(failure).toContain(`at ${file}:3:`);
  expect(reason).toContain(`log gave NaN from -1, at ${file}:5:`);
};

describe("installed", () => {
  test.each([
    ["plain", []],
    ["with source maps", ["--enable-source-maps"]],
    ["under tsx", ["--import", import.meta.resolve("tsx")]],
  ])("%s", async (_, flags) => {
    pointsAt(await run("user.mjs", ...flags), join(home, "user.mjs"));
  });
});

describe("bundled", () => {
  test("by itself, beside the user's file: the path is whole", async () => {
    mkdirSync(join(home, "vendor"), { recursive: true });
    await bundle("vendor/lapilli.mjs", `export * from "lapilli";`, { format: "esm" });
    writeFileSync(join(home, "beside.mjs"), program(`import ${names} from "./vendor/lapilli.mjs";`, "console.log"));
    pointsAt(await run("beside.mjs"), join(home, "beside.mjs"));
  });

  test("into one file, whose source map knows the user's", async () => {
    await bundle("whole.mjs", program(`import ${names} from "lapilli";`, "console.log"), {
      format: "esm",
      sourcemap: true,
    });
    pointsAt(await run("whole.mjs", "--enable-source-maps"), join(home, "model.mjs"));
  });

  test.each(["cjs", "iife"] as const)("as %s, where there is no import.meta: it samples", async (format) => {
    const contents = `import ${names} from "lapilli";
      const normal = () => { sample("x", dist.Normal(0, 1)); };
      nuts(normal, {}, { chains: 2, warmup: 50, draws: 50 }).then((fit) => console.log(fit.draws("x").shape.join()));`;
    await bundle(`${format}.cjs`, contents, { format, logLevel: "silent" });
    expect(await run(`${format}.cjs`)).toBe("2,50\n");
  });
});
