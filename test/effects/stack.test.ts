import { describe, expect, test } from "vitest";
import type { Message } from "../../src/effects/message.ts";
import { ModelError } from "../../src/effects/modelError.ts";
import { deterministic, plate, sample } from "../../src/effects/primitives.ts";
import { activeHandlers, applyStack, type Handler, withHandler } from "../../src/effects/stack.ts";
import { unitNormal } from "./standIn.ts";

const logging = (name: string, log: string[], extra: Partial<Handler> = {}): Handler => ({
  name,
  process: (msg) => {
    log.push(`${name} process ${msg.name}`);
    extra.process?.(msg);
  },
  postprocess: (msg) => {
    log.push(`${name} postprocess ${msg.name}`);
  },
  ...(extra.seesHidden === undefined ? {} : { seesHidden: extra.seesHidden }),
});

describe("order", () => {
  test("processing goes outwards, post-processing inwards", () => {
    const log: string[] = [];
    withHandler(logging("outer", log), () => withHandler(logging("inner", log), () => deterministic("x", 1)));
    expect(log).toEqual(["inner process x", "outer process x", "outer postprocess x", "inner postprocess x"]);
  });

  test("a stopped message is hidden from outer handlers, for both halves, except those that see hidden ones", () => {
    const log: string[] = [];
    const stop = (msg: Message): void => {
      msg.stop = true;
    };
    withHandler(logging("shape", log, { seesHidden: true }), () =>
      withHandler(logging("outer", log), () =>
        withHandler(logging("stopper", log, { process: stop }), () => deterministic("x", 1)),
      ),
    );
    expect(log).toEqual(["stopper process x", "shape process x", "shape postprocess x", "stopper postprocess x"]);
  });

  test("what a handler does itself is seen only by handlers outside of it", () => {
    const log: string[] = [];
    const splitter = logging("splitter", log, {
      process: (msg) => {
        if (msg.name === "x") deterministic("extra", 2);
        if (msg.name === "x") applyStack({ ...msg, name: "copy" });
      },
    });
    withHandler(logging("outer", log), () =>
      withHandler(splitter, () => withHandler(logging("inner", log), () => deterministic("x", 1))),
    );
    expect(log.filter((line) => line.includes("extra"))).toEqual(["outer process extra", "outer postprocess extra"]);
    expect(log.filter((line) => line.includes("copy"))).toEqual(["outer process copy", "outer postprocess copy"]);
    expect(log.filter((line) => line.endsWith("process x"))).toHaveLength(6);
  });

  test("finish runs after a function that returned, outside of its handler, and not after one that threw", () => {
    let finished = 0;
    const handler: Handler = {
      name: "h",
      finish: () => {
        finished++;
        expect(activeHandlers()).toEqual([]);
      },
    };
    withHandler(handler, () => 1);
    expect(finished).toBe(1);
    expect(() =>
      withHandler(handler, () => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(finished).toBe(1);
  });
});

describe("failure", () => {
  test.each(["process", "postprocess"] as const)("a handler that throws in %s leaves no handler behind", (half) => {
    const broken: Handler = {
      name: "broken",
      [half]: () => {
        throw new Error("handler broke");
      },
    };
    expect(() =>
      withHandler({ name: "a" }, () => withHandler(broken, () => plate("n", 2, () => deterministic("x", 1)))),
    ).toThrow("handler broke");
    expect(activeHandlers()).toEqual([]);
  });

  test("a model that catches an error goes on under the handlers it had", () => {
    const seen: string[] = [];
    withHandler({ name: "outer", process: (msg) => void seen.push(msg.name) }, () => {
      const depth = activeHandlers().length;
      try {
        plate("n", 3, () => {
          throw new Error("inside");
        });
      } catch {
        // The point of the test is what comes next.
      }
      expect(activeHandlers()).toHaveLength(depth);
      const x = deterministic("x", 1);
      expect(x.shape).toEqual([]);
    });
    expect(seen).toEqual(["n", "x"]);
  });

  test("an error at a site names it and keeps the original as cause", () => {
    const original = new RangeError("scale is negative");
    const failing = {
      ...unitNormal(),
      logProb: () => unitNormal().logProb(0),
      sample: () => unitNormal().sample({ hi: 0, lo: 0 }),
      expand: () => {
        throw original;
      },
    };
    const error = catchError(() => plate("n", 3, () => sample("tau", failing)));
    expect(error).toBeInstanceOf(ModelError);
    expect((error as ModelError).message).toBe('sample site "tau": scale is negative');
    expect((error as ModelError).site).toBe("tau");
    expect((error as ModelError).cause).toBe(original);
  });

  test("errors of the model between sites pass unchanged", () => {
    const original = new TypeError("x is not a function");
    expect(
      catchError(() =>
        withHandler({ name: "h" }, () => {
          throw original;
        }),
      ),
    ).toBe(original);
  });
});

describe("asynchronous models", () => {
  test("are refused, and the rest of them doesn't surface as an unhandled rejection", async () => {
    const late = async (): Promise<void> => {
      await Promise.resolve();
      sample("x", unitNormal());
    };
    expect(() => withHandler({ name: "seed" }, late)).toThrow(/seed: the function returned a Promise.*synchronous/);
    expect(activeHandlers()).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test("are refused in plates", () => {
    expect(() => plate("n", 2, async () => 1)).toThrow('plate "n": the function returned a Promise');
  });
});

function catchError(fn: () => unknown): unknown {
  try {
    fn();
  } catch (error) {
    return error;
  }
  return expect.unreachable("nothing was thrown");
}
