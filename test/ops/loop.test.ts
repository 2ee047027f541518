import { describe } from "vitest";
import { describeLoops } from "./loopChecks.ts";

describe("loops and branches", () => describeLoops(false));
