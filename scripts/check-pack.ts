/**
 * Uses the package as a stranger would: packs it, installs the tarball into an empty project, runs a script under plain
 * node, type-checks one under both module resolutions in use, bundles it and runs the bundle. Run as `npm run check:pack`.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");

const CONSUMER = `
import { dist, nuts, plate, sample } from "lapilli";
import { Normal } from "lapilli/distributions";
import { rHat } from "lapilli/inference";

const schools = ({ y, sigma }: { y: number[]; sigma: number[] }) => {
  const mu = sample("mu", Normal(0, 5));
  const tau = sample("tau", dist.HalfCauchy(5));
  return plate("school", 8, () => {
    const theta = sample("theta", Normal(mu, tau));
    return sample("y", Normal(theta, sigma), { obs: y });
  });
};
const data = { y: [28, 8, -3, 7, -1, 1, 18, 12], sigma: [15, 10, 16, 11, 9, 11, 10, 18] };
const fit = await nuts(schools, data, { chains: 2, warmup: 200, draws: 200, seed: 0 });
const shape = fit.draws("theta").shape.join();
if (shape !== "2,200,8") throw new Error("draws of theta have shape [" + shape + "], expected [2,200,8]");
const r = rHat(fit.draws("mu"));
if (!(r > 0.9 && r < 1.5)) throw new Error("rHat of mu is " + String(r));
console.log("ok", r.toFixed(12));
`;

/** Runs a program to its end and returns what it printed; its errors appear on ours, and a failure throws. */
function run(cwd: string, program: string, ...args: string[]): string {
  return execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

function expectOk(what: string, output: string): string {
  const last = output.trim().split("\n").at(-1) ?? "";
  if (!last.startsWith("ok ")) throw new Error(`${what} did not finish; it printed:\n${output}`);
  console.log(`check-pack: ${what}: ${last}`);
  return last;
}

/** Every file that a source map or declaration map names has to be in the package. */
function checkMaps(installed: string): void {
  const maps = readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" }).filter((f) =>
    f.endsWith(".map"),
  );
  for (const map of maps) {
    const path = join(installed, "dist", map);
    const { sources } = JSON.parse(readFileSync(path, "utf8")) as { sources: string[] };
    for (const source of sources) readFileSync(resolve(path, "..", source));
  }
  if (maps.length === 0) throw new Error("the package holds no source maps; check tsconfig.build.json");
  console.log(`check-pack: ${maps.length} maps, all sources present`);
}

/** A bundle of one distribution has no other in it: calls that initialise constants are marked as free of side effects. */
async function checkTreeShaking(project: string): Promise<void> {
  const contents = 'import { Normal } from "lapilli/distributions"; console.log(Normal(0, 1).mean.item());';
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: project },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
  });
  const unwanted = ["Categorical", "gammaincinv", "cholesky"].filter((name) => outputFiles[0]!.text.includes(name));
  if (unwanted.length > 0) throw new Error(`a page with Normal alone contains ${unwanted.join(", ")}`);
  console.log("check-pack: unused distributions fall out of a bundle");
}

function checkTypes(project: string): void {
  const strict = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    target: "es2022",
    lib: ["es2023", "esnext.disposable", "dom"],
    types: [],
  };
  for (const module of ["nodenext", "preserve"]) {
    const compilerOptions = { ...strict, module };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
    try {
      run(project, process.execPath, join(root, "node_modules/typescript/bin/tsc"), "-p", project);
    } catch (error) {
      const output = (error as { stdout?: string }).stdout ?? "";
      throw new Error(`the package's types do not check under module ${module}:\n${output}`);
    }
  }
  console.log("check-pack: types check under nodenext and bundler resolution");
}

const work = mkdtempSync(join(tmpdir(), "lapilli-pack-"));
try {
  run(root, "npm", "pack", "--loglevel=error", "--pack-destination", work);
  const tarball = readdirSync(work).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error(`npm pack left no tarball in ${work}`);

  const project = join(work, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  run(
    project,
    "npm",
    "install",
    "--loglevel=error",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    join(work, tarball),
  );
  checkMaps(join(project, "node_modules/lapilli"));

  writeFileSync(join(project, "consumer.ts"), CONSUMER);
  checkTypes(project);
  await checkTreeShaking(project);
  await build({ entryPoints: [join(project, "consumer.ts")], outfile: join(project, "consumer.js"), target: "es2022" });
  const plain = expectOk("plain node", run(project, process.execPath, "consumer.js"));

  // The bundle runs where no node_modules can be found, so that it proves to be whole.
  const alone = join(work, "alone");
  await build({
    entryPoints: [join(project, "consumer.js")],
    outdir: join(project, "bundle"),
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    outExtension: { ".js": ".mjs" },
  });
  cpSync(join(project, "bundle"), alone, { recursive: true });
  const bundled = expectOk("bundle", run(alone, process.execPath, "consumer.mjs"));
  if (plain !== bundled) throw new Error(`the bundle draws other numbers: ${bundled}, plain node ${plain}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
