import { describe, vi } from "vitest";
import { describeLoops } from "./loopChecks.ts";

// No body is small enough for registers: all go through schedules of their own.
vi.mock("../../src/compiler/loopPack.ts", () => ({ packLoop: () => undefined }));

describe("loops and branches over schedules", () => describeLoops(true));
