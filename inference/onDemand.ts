/**
 * What few runs of a page need, and what is loaded when one does. One module: every dynamic import of its own would cut what it
 * shares with the page into smaller pieces.
 */
export { compile } from "../src/compiler/compile.ts";
export { rollRows } from "../src/ops/rollRows.ts";
export { explainStart } from "./explainStart.ts";
export { watched } from "./nonFinite.ts";
export { drawBars } from "./runner/bars.ts";
export { runInWorker, WorkerError } from "./runner/workerPool.ts";
export { initialPoints } from "./start.ts";
export { unconstrain } from "./unconstrain.ts";
