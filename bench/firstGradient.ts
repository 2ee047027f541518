/**
 * Milliseconds from a model and its data to the first gradient, of the posteriors in test/posteriors: in a fresh process, and repeated in
 * it. What counts is the package as it is installed, `npm run build`; the sources beside it run through tsx.
 *
 *     npx tsx bench/firstGradient.ts [--only=substring]
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { posteriors } from "../test/posteriors/posteriors.ts";
import { dataOf } from "../test/posteriors/references.ts";
import type { FirstGradient } from "./firstGradientOnce.ts";
import { geometricMean, median } from "./measure.ts";
import { figure, markdownTable } from "./table.ts";

/** Processes for each figure, and builds in each of them. */
const processes = 5;
const builds = 6;

const root = fileURLToPath(new URL("../", import.meta.url));
const script = fileURLToPath(new URL("firstGradientOnce.ts", import.meta.url));

interface Figures {
  readonly cold: number;
  readonly repeated: number;
  readonly import: number;
}

function run(command: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, command, { encoding: "utf8", cwd: root });
  if (status !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
  return stdout;
}

/** Medians over several processes that `command` starts. */
function measure(command: readonly string[]): Figures {
  const runs = Array.from({ length: processes }, (): FirstGradient => JSON.parse(run([...command, String(builds)])));
  return {
    cold: median(runs.map(({ gradients }) => gradients[0]!)),
    repeated: median(runs.flatMap(({ gradients }) => gradients.slice(1))),
    import: median(runs.map((r) => r.import)),
  };
}

/** The script as a user of the built package would have it, in a folder where the package is installed. */
async function installed(folder: string): Promise<string> {
  run([...process.execArgv, join(root, "scripts/build.ts")]);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/lapilli"));
  await build({
    entryPoints: [script],
    bundle: true,
    format: "esm",
    platform: "node",
    external: ["lapilli"],
    // The models are in a file of their own, so that the import of the package can be timed before they import it.
    splitting: true,
    // Without the paths that lead to the sources.
    tsconfigRaw: {},
    outdir: folder,
    outExtension: { ".js": ".mjs" },
  });
  return join(folder, "firstGradientOnce.mjs");
}

/** The table of all posteriors whose name contains `only`. Builds the package. */
export async function firstGradientReport(only = ""): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "lapilli-"));
  try {
    const bundled = await installed(folder);
    const rows = posteriors.flatMap((posterior) => {
      const data = posterior.name.includes(only) ? dataOf(posterior) : undefined;
      if (!data) return [];
      const file = join(folder, "data.json");
      writeFileSync(file, JSON.stringify(data));
      const { name } = posterior;
      return [
        { name, built: measure([bundled, name, file]), source: measure([...process.execArgv, script, name, file]) },
      ];
    });
    const cells = rows.map(({ name, built, source }) => [
      name,
      ...[built.cold, built.repeated, source.cold, source.repeated].map((ms) => ms.toFixed(1)),
    ]);
    const cold = rows.map(({ built }) => built.cold);
    return [
      markdownTable(["posterior", "installed, cold", "repeated", "from source, cold", "repeated"], cells),
      "",
      `Installed and cold: geometric mean ${figure(geometricMean(cold))} ms, at most ${figure(Math.max(...cold))} ms. ` +
        `Importing the installed package takes ${figure(median(rows.map(({ built }) => built.import)))} ms, which is not included.`,
    ].join("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const only = process.argv.find((arg) => arg.startsWith("--only="))?.slice("--only=".length);
  console.log(await firstGradientReport(only));
}
