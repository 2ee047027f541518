/**
 * Measures what a page downloads to sample eight schools with NUTS: the built package bundled for the browser, minified
 * and gzipped. Prints kB (1000 bytes) and exits 1 above the limit. Run as `npm run size`, which builds first;
 * `npm run size -- --files` adds what it is made of.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";

const LIMIT_KB = 60;
const root = resolve(import.meta.dirname, "..");

/** A page with the eight-schools model; `Normal` and `HalfCauchy` stand for however the page names its distributions. */
const page = (imports: string): string => `
${imports}
const schools = ({ y, sigma }) => {
  const mu = sample("mu", Normal(0, 5));
  const tau = sample("tau", HalfCauchy(5));
  return plate("school", 8, () => {
    const theta = sample("theta", Normal(mu, tau));
    return sample("y", Normal(theta, sigma), { obs: y });
  });
};
const y = [28, 8, -3, 7, -1, 1, 18, 12];
const sigma = [15, 10, 16, 11, 9, 11, 10, 18];
const fit = await nuts(schools, { y, sigma }, { chains: 4, warmup: 1000, draws: 1000, seed: 0 });
console.log(String(fit.summary()));
`;

/**
 * The limit holds for the page that names its distributions: esbuild keeps every member of a re-exported namespace, so
 * the `dist.*` page is reported beside it (rollup-based bundlers shake that one too).
 */
const PAGES = {
  'import { Normal } from "lapilli/distributions"': page(
    'import { sample, plate, nuts } from "lapilli";\nimport { Normal, HalfCauchy } from "lapilli/distributions";',
  ),
  'import { dist } from "lapilli"': page(
    'import { sample, plate, nuts, dist } from "lapilli";\nconst { Normal, HalfCauchy } = dist;',
  ),
};

interface Size {
  /** kB gzipped that load with the page. */
  readonly initial: number;
  /** kB gzipped behind dynamic imports, loaded when they are called. */
  readonly lazy: number;
  /** Minified bytes of every source file, largest first. */
  readonly files: readonly (readonly [name: string, bytes: number])[];
}

/** The built file of every entry point that package.json names, deepest first. */
function entries(): Record<string, string> {
  const { exports } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")) as {
    exports: Record<string, string | { readonly default: string }>;
  };
  const files = Object.entries(exports).flatMap(([name, target]) =>
    typeof target === "string" ? [] : [[name.replace(/^\./, "lapilli"), resolve(root, target.default)] as const],
  );
  const missing = files.find(([, file]) => !existsSync(file));
  if (missing !== undefined) throw new Error(`${missing[1]} is not there; run npm run build`);
  return Object.fromEntries(files.sort(([a], [b]) => b.length - a.length));
}

/** Bundles a page and weighs its files; throws if the page would need a Node module before it can start. */
async function weigh(contents: string): Promise<Size> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root, sourcefile: "page.js", loader: "js" },
    alias: entries(),
    absWorkingDir: root,
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    external: ["node:*"],
    outdir: "out",
    write: false,
    metafile: true,
  });
  const weights = new Map(outputFiles.map((file) => [file.path, gzipSync(file.contents, { level: 9 }).length / 1000]));
  const loaded = initialFiles(metafile.outputs);
  const sum = (names: readonly string[]): number =>
    names.reduce((total, name) => total + (weights.get(resolve(root, name)) ?? 0), 0);
  const names = Object.keys(metafile.outputs);
  const files = [...loaded].flatMap((name) =>
    Object.entries(metafile.outputs[name]!.inputs).map(
      ([file, { bytesInOutput }]) => [file.replace(/^dist\//, ""), bytesInOutput] as const,
    ),
  );
  return {
    initial: sum([...loaded]),
    lazy: sum(names.filter((name) => !loaded.has(name))),
    files: files.sort(([, a], [, b]) => b - a),
  };
}

/** The entry and everything it imports statically. */
function initialFiles(outputs: Metafile["outputs"]): Set<string> {
  const entry = Object.keys(outputs).find((name) => outputs[name]!.entryPoint === "page.js");
  if (entry === undefined) throw new Error(`esbuild wrote no entry; outputs: ${Object.keys(outputs).join(", ")}`);
  const seen = new Set([entry]);
  for (const name of seen) {
    for (const { path, kind, external } of outputs[name]!.imports) {
      if (kind !== "import-statement") continue;
      if (external) throw new Error(`a browser page cannot import "${path}"; import it dynamically where it is needed`);
      seen.add(path);
    }
  }
  return seen;
}

/** Sums of bytes by folder, largest first. */
function byFolder(files: Size["files"]): Size["files"] {
  const sums = new Map<string, number>();
  for (const [name, bytes] of files) sums.set(dirname(name), (sums.get(dirname(name)) ?? 0) + bytes);
  return [...sums].sort(([, a], [, b]) => b - a);
}

const table = (rows: Size["files"]): string =>
  rows.map(([name, bytes]) => `${(bytes / 1000).toFixed(1).padStart(8)} kB  ${name}`).join("\n");

let overLimit = false;
for (const [index, [name, contents]] of Object.entries(PAGES).entries()) {
  const { initial, lazy, files } = await weigh(contents);
  const limit = index === 0 ? ` (limit ${LIMIT_KB} kB)` : "";
  const later = lazy > 0 ? `, ${lazy.toFixed(1)} kB more on demand` : "";
  console.log(`${initial.toFixed(1)} kB gzipped${limit}${later}: eight schools with NUTS, ${name}`);
  if (process.argv.includes("--files")) {
    console.log(
      `minified, by folder and the largest files:\n${table(byFolder(files))}\n\n${table(files.slice(0, 40))}\n`,
    );
  }
  if (index === 0 && initial > LIMIT_KB) overLimit = true;
}
process.exitCode = overLimit ? 1 : 0;
