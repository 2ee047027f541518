/** Workers that run chains. */
import type { ChainResult } from "../mcmc/chain.ts";
import { asError } from "./interleave.ts";
import { ChainError, type Job, type Observer } from "./job.ts";
import type { Request, Response } from "./messages.ts";
import { nodeModule } from "./nodeModules.ts";

/** A worker thread or Web Worker, which runs jobs one at a time. */
export interface Thread {
  send(request: Request): void;
  /** Directs what comes back, until the next call. */
  listen(receive: (response: Response) => void, fail: (error: Error) => void): void;
  /** Whether the worker keeps the process alive. */
  busy(value: boolean): void;
  terminate(): void;
}

/** A worker ended without an answer. */
export class WorkerError extends Error {
  /** Whether it had said anything before. */
  readonly started: boolean;
  constructor(message: string, cause: Error, started: boolean) {
    super(message, { cause });
    this.name = "WorkerError";
    this.started = started;
  }
}

/** How often a running worker is told about an abort, in milliseconds. */
const POLL = 20;

/** Workers that wait for jobs. */
export const idle: Thread[] = [];

/**
 * Runs a job in a worker, which afterwards waits for the next: starting a thread takes longer than sampling a small model.
 *
 * @throws ChainError; WorkerError when the worker cannot be started or dies.
 */
export async function runInWorker(job: Job, observer: Observer): Promise<ChainResult[]> {
  const worker = idle.pop() ?? startWorker();
  worker.busy(true);
  return new Promise<ChainResult[]>((resolve, reject) => {
    let told = false;
    let started = false;
    const timer = setInterval(() => {
      if (told || !observer.stopped()) return;
      told = true;
      worker.send({ type: "stop" });
    }, POLL);

    function settle(alive: boolean): void {
      clearInterval(timer);
      if (alive) {
        worker.busy(false);
        idle.push(worker);
      } else {
        // A worker may also die while it waits for the next job.
        if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1);
        worker.terminate();
      }
    }

    worker.listen(
      (response) => {
        started = true;
        if (response.type === "progress") {
          observer.onProgress(response.progress);
          return;
        }
        settle(true);
        if (response.type === "done") resolve([...response.results]);
        else if (response.chain !== undefined) reject(new ChainError(response.chain, response));
        else reject(Object.assign(new Error(response.message), { stack: response.stack }));
      },
      (error) => {
        settle(false);
        const what = `The worker for chains ${job.chains.join(", ")}`;
        reject(
          new WorkerError(started ? `${what} ended: ${error.message}` : startFailure(what, error), error, started),
        );
      },
    );
    try {
      worker.send({ type: "run", job });
    } catch (error) {
      settle(false);
      reject(error);
    }
  });
}

/** Browsers refuse some workers at once (a script of another origin, say), others by an event. */
function startWorker(): Thread {
  try {
    return nodeModule("worker_threads") === undefined ? startWebWorker() : startNodeWorker();
  } catch (thrown) {
    const error = asError(thrown);
    throw new WorkerError(startFailure("A worker", error), error, false);
  }
}

function startFailure(what: string, { message }: Error): string {
  return (
    `${what} could not be started: ${message.replace(/\.$/, "")}. A bundle needs lapilli/worker beside it, as an entry named worker.js; ` +
    'a page must allow it (worker-src); strategy: "inProcess" does without.'
  );
}

function startNodeWorker(): Thread {
  const { Worker: NodeWorker } = nodeModule("worker_threads") as typeof import("node:worker_threads");
  const thread = needsLoader() ? new NodeWorker(loadingScript(), { eval: true }) : new NodeWorker(workerFile());
  return {
    send: (request) => thread.postMessage(request),
    listen(receive, fail) {
      thread.removeAllListeners();
      thread.on("message", receive);
      thread.on("error", fail);
      thread.on("exit", (code) => fail(new Error(`it exited with code ${code}`)));
    },
    busy: (value) => (value ? thread.ref() : thread.unref()),
    terminate() {
      thread.removeAllListeners();
      void thread.terminate();
    },
  };
}

/** Bundles that are not modules have no `import.meta.url`. */
const fromSource: boolean = String(import.meta.url).endsWith(".ts");

/** The worker's own file has the extension of this one: `.js` when built, `.ts` when run from source. */
function workerFile(): URL {
  return new URL(fromSource ? "./worker.ts" : "./worker.js", import.meta.url);
}

/** Node 22.18 and later read TypeScript on their own. */
function needsLoader(): boolean {
  const { process } = globalThis as { process?: { features?: { typescript?: unknown } } };
  return fromSource && !process?.features?.typescript;
}

/** Registers tsx inside the thread: Node 20 ignores loaders given to a thread by `--import`. */
function loadingScript(): string {
  const require = nodeModule("module")?.createRequire(import.meta.url);
  const tsx = require?.resolve("tsx/esm/api").replace(/cjs$/, "mjs") ?? "tsx/esm/api";
  const address = nodeModule("url")?.pathToFileURL(tsx).href;
  return `import(${JSON.stringify(address)}).then(({ register }) => {
    register();
    return import(${JSON.stringify(workerFile().href)});
  });`;
}

/** Bundlers that make a file of their own of a worker know it by exactly this expression. */
function startWebWorker(): Thread {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  return {
    send: (request) => worker.postMessage(request),
    listen(receive, fail) {
      worker.onmessage = ({ data }) => receive(data as Response);
      worker.onerror = (event) => fail(new Error(event.message || "it could not be loaded"));
    },
    busy() {},
    terminate: () => worker.terminate(),
  };
}
