/**
 * What runs in a worker: takes jobs one after the other, answers with progress and results.
 * Started by workerPool.ts, in a worker thread of Node or a Web Worker.
 */
import { asError, interleave } from "./interleave.ts";
import { ChainError } from "./job.ts";
import { type Request, type Response, transferables } from "./messages.ts";
import { nodeModule } from "./nodeModules.ts";

interface Port {
  post(response: Response, transfer?: ArrayBuffer[]): void;
  listen(receive: (request: Request) => void): void;
}

function openPort(): Port {
  const parent = nodeModule("worker_threads")?.parentPort;
  if (parent) {
    return {
      post: (response, transfer) => parent.postMessage(response, transfer),
      listen: (receive) => parent.on("message", receive),
    };
  }
  const scope = globalThis as unknown as {
    postMessage(message: unknown, transfer?: ArrayBuffer[]): void;
    onmessage: ((event: { data: Request }) => void) | null;
  };
  return {
    post: (response, transfer) => scope.postMessage(response, transfer ?? []),
    listen: (receive) => {
      scope.onmessage = ({ data }) => receive(data);
    },
  };
}

const port = openPort();
let stopped = false;

port.listen((request) => {
  if (request.type === "stop") {
    stopped = true;
    return;
  }
  stopped = false;
  const observer = {
    stopped: () => stopped,
    onProgress: (progress: Extract<Response, { type: "progress" }>["progress"]) =>
      port.post({ type: "progress", progress }),
  };
  interleave(request.job, observer).then(
    (results = []) => port.post({ type: "done", results }, transferables(results)),
    (thrown) => {
      const error = asError(thrown);
      const original = error instanceof ChainError ? asError(error.cause) : error;
      port.post({
        type: "error",
        chain: error instanceof ChainError ? error.chain : undefined,
        message: original.message,
        stack: original.stack,
      });
    },
  );
});
