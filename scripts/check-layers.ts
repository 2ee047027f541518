/**
 * Holds the import order: a file may import from its own layer and from those below it, from
 * nothing above. Also refuses import cycles (type-only imports count) and imports from tests, benchmarks and notebooks.
 *
 * Run as `npm run layers`; prints one line a violation and exits 1 if there is one.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";

/** Folders from the bottom up. Folders on one line may import each other as long as no cycle of files arises. */
const LAYERS: readonly (readonly string[])[] = [
  ["src/wasm"],
  ["src/compiler"],
  ["src/ops"],
  ["src/tensor"],
  ["src/autodiff"],
  ["src/random"],
  ["src/effects"],
  ["distributions"],
  ["inference"],
  ["gp", "nn"],
  ["plot", "io", "cli"],
];

/** The public names of the whole package: may import every layer, and no layer may import it. */
const ROOT_ENTRY = "src/index.ts";

/** Code around the library. It may import the library, its own folder and what is shared. */
const SURROUNDINGS: readonly string[] = ["test", "bench", "notebooks", "scripts"];

/** What the surroundings share: tools, and the posteriors that are both tested and timed. */
const SHARED: readonly string[] = ["scripts", "test/posteriors"];

const SOURCE = /\.[cm]?tsx?$/;

interface Import {
  readonly from: string;
  readonly to: string;
  readonly line: number;
}

/**
 * Checks every TypeScript file of a source tree.
 *
 * @param root - the directory that holds `src/`, `distributions/` …
 * @returns one sentence a violation, sorted by file; empty when the tree is in order
 * @example checkLayers(process.cwd()).length === 0
 */
export function checkLayers(root: string): string[] {
  const tops = new Set(["src", ...LAYERS.flat().map((folder) => folder.split("/")[0]!), ...SURROUNDINGS]);
  const files = [...tops].flatMap((top) => sourceFiles(root, top)).sort();
  const imports = files.flatMap((file) => importsOf(root, file));
  const unplaced = files
    .filter((file) => file !== ROOT_ENTRY && layerOf(file) === undefined && !SURROUNDINGS.includes(top(file)))
    .map((file) => `${file}: belongs to no layer; move it into one of ${LAYERS.flat().join(", ")}`);
  const upward = imports.flatMap((entry) => {
    const reason = objection(entry);
    return reason === undefined ? [] : [`${entry.from}:${entry.line}: may not import ${entry.to}: ${reason}`];
  });
  return [...unplaced, ...upward, ...cycles(files, imports)];
}

function top(file: string): string {
  return file.split("/")[0]!;
}

function layerOf(file: string): { readonly folder: string; readonly rank: number } | undefined {
  for (const [rank, folders] of LAYERS.entries()) {
    const folder = folders.find((name) => file.startsWith(`${name}/`));
    if (folder !== undefined) return { folder, rank };
  }
  return undefined;
}

/** Why an import is not allowed, or undefined when it is. */
function objection({ from, to }: Import): string | undefined {
  const sameTop = top(from) === top(to);
  if (SURROUNDINGS.includes(top(to)) && !sameTop) {
    const shared = SHARED.some((folder) => to.startsWith(`${folder}/`));
    if (!SURROUNDINGS.includes(top(from))) return `the library does not import from ${top(to)}/`;
    if (!shared) return `only ${SHARED.join("/ and ")}/ are shared`;
  }
  if (from === ROOT_ENTRY || SURROUNDINGS.includes(top(from))) return undefined;
  if (to === ROOT_ENTRY) return "only users of the package import its root entry";
  const source = layerOf(from);
  const target = layerOf(to);
  if (source === undefined || target === undefined) return undefined; // reported as belonging to no layer
  return target.rank > source.rank ? `${target.folder} is above ${source.folder}` : undefined;
}

function sourceFiles(root: string, folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && SOURCE.test(entry.name))
    .map((entry) => portable(root, join(entry.parentPath, entry.name)))
    .filter((file) => !file.split("/").includes("node_modules"));
}

function portable(root: string, path: string): string {
  return relative(root, path).split(sep).join(posix.sep);
}

/** The imports of one file that stay inside the tree: static, type-only, re-exported and dynamic with a literal. */
function importsOf(root: string, file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  return ts.preProcessFile(text, true, true).importedFiles.flatMap(({ fileName, pos }) => {
    const to = target(root, file, fileName);
    return to === undefined ? [] : [{ from: file, to, line: text.slice(0, pos).split("\n").length }];
  });
}

function target(root: string, from: string, specifier: string): string | undefined {
  if (specifier === "lapilli") return ROOT_ENTRY;
  if (specifier.startsWith("lapilli/")) return `${specifier.slice("lapilli/".length)}/index.ts`;
  if (!specifier.startsWith(".")) return undefined;
  return portable(root, resolve(root, dirname(from), specifier.replace(/\.js$/, ".ts")));
}

/** Tarjan's strongly connected components (SIAM J. Comput. 1, 1972); each with more than one file holds a cycle. */
function cycles(files: readonly string[], imports: readonly Import[]): string[] {
  const successors = new Map<string, string[]>(files.map((file) => [file, []]));
  for (const { from, to } of imports) if (successors.has(to)) successors.get(from)!.push(to);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[] = [];

  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file)!);
    stack.push(file);
    for (const next of successors.get(file)!) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(file, Math.min(low.get(file)!, low.get(next)!));
    }
    if (low.get(file) !== index.get(file)) return;
    const component = new Set(stack.splice(stack.indexOf(file)));
    const selfImport = successors.get(file)!.includes(file);
    if (component.size > 1 || selfImport) found.push(`${file}: import cycle ${path(file, component).join(" → ")}`);
  };

  /** A shortest way from a file back to itself inside its component. */
  const path = (start: string, component: ReadonlySet<string>): string[] => {
    const queue: string[][] = [[start]];
    const seen = new Set<string>();
    for (const way of queue) {
      for (const next of successors.get(way[way.length - 1]!)!) {
        if (next === start) return [...way, start];
        if (!component.has(next) || seen.has(next)) continue;
        seen.add(next);
        queue.push([...way, next]);
      }
    }
    return [start];
  };

  for (const file of files) if (!index.has(file)) visit(file);
  return found;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const violations = checkLayers(resolve(import.meta.dirname, ".."));
  for (const violation of violations) console.error(violation);
  console.log(violations.length === 0 ? "layers: in order" : `layers: ${violations.length} violations`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
