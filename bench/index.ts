/** Runs the benchmarks and writes bench/RESULTS.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { firstGradientReport } from "./firstGradient.ts";
import { gradientReport } from "./gradient.ts";
import { memoryReport } from "./memory.ts";
import { rowsReport } from "./rows.ts";

const processors = cpus();
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const text = `# Benchmarks

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}.
${processors.length} × ${processors[0]?.model.trim() ?? "unknown processor"}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${type()} ${release()}, Node ${process.versions.node}, V8 ${process.versions.v8}, Lapilli ${version}.

## Log density and gradient

Microseconds per value and gradient on the unconstrained scale: the median of 15 blocks of 20 ms or more after a warm-up.
"Dependent": each point depends on the last gradient, as in a leapfrog. "Bytes": heap per call. Tracing and compiling are
the first in a process. "One pass" and "best" are hand-written WebAssembly measured in the same run; "best" may use
sufficient statistics. The columns with × are our time over theirs: below 1 we are faster.

${gradientReport()}

## First gradient

Milliseconds from a model and its data to the first gradient, traced, derived, compiled and called; the package is loaded already.
Medians of five processes: the first time in a process, and the five times after it. "Installed" is the built package, which is what
a user runs and the figure that counts; "from source" is the repository through tsx.

${await firstGradientReport()}

## Rows

Nanoseconds per row of a value and gradient: the same figure throughout is a cost linear in the rows. The design of the logistic
regression fits the caches up to some ten thousand rows; beyond that it comes from memory, once per gradient.

${rowsReport()}

## Memory

Heap and array buffers in use after a garbage collection, before and after; and the most they grew by in between, garbage included.

${memoryReport()}
`;

writeFileSync(new URL("RESULTS.md", import.meta.url), text);
console.log(text);
