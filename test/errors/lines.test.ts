/** Messages point at the user's file and line, whoever runs it. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { dist, log, logDensity, sample, whyNotFinite } from "lapilli";
import { expect, test } from "vitest";
import { userFrame } from "../../src/compiler/origin.ts";
import { complaint } from "./message.ts";

/** One-based number of the line of a file that ends in a comment. */
const lineOf = (file: string, comment: string): number =>
  readFileSync(file, "utf8")
    .split("\n")
    .findIndex((line) => line.endsWith(`// ${comment}`)) + 1;

const here = fileURLToPath(import.meta.url);
const program = fileURLToPath(new URL("fixtures/run.ts", import.meta.url));

test("under vitest", () => {
  const failure = complaint(() =>
    logDensity(() => {
      sample("x", dist.Normal(0, -1)); // the failure here
    }, {}),
  );
  expect(failure).toContain(`at test/errors/lines.test.ts:${lineOf(here, "the failure here")}:`);
  const ld = logDensity(() => {
    const x = sample("x", dist.Normal(0, 1));
    const scale = log(x); // the NaN here
    sample("y", dist.Normal(0, scale), { obs: 1 });
  }, {});
  expect(whyNotFinite(ld, Float64Array.of(-1))).toContain(
    `log gave NaN from -1, at test/errors/lines.test.ts:${lineOf(here, "the NaN here")}:`,
  );
});

test("under tsx", async () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", program], { cwd: root });
  const [failure, reason] = stdout.split("\n");
  expect(failure).toContain(`at test/errors/fixtures/run.ts:${lineOf(program, "line of the failure")}:`);
  expect(reason).toContain(
    `log gave NaN from -1, at test/errors/fixtures/run.ts:${lineOf(program, "line of the NaN")}:`,
  );
});

test.each([
  ["    at model (file:///home/me/my%20model.ts:3:4)", "/home/me/my%20model.ts:3:4"],
  ["    at model (/home/me/my model.ts:3:4)", "/home/me/my model.ts:3:4"],
  ["    at async file:///home/me/model.ts:3:4", "/home/me/model.ts:3:4"],
  ["    at model (file:///C:/Users/me/model.ts:3:4)", "C:/Users/me/model.ts:3:4"],
  ["    at model (C:\\Users\\me\\model.ts:3:4)", "C:/Users/me/model.ts:3:4"],
  ["    at model (http://localhost:5173/model.ts?t=1:3:4)", "http://localhost:5173/model.ts?t=1:3:4"],
  ["model@http://localhost/model.js:3:4", "http://localhost/model.js:3:4"],
  ["    at Module._compile (node:internal/modules/cjs/loader:1554:14)", undefined],
  ["    at eval (eval at model (file:///home/me/model.ts:3:4), <anonymous>:1:1)", undefined],
  ["    at new Promise (<anonymous>)", undefined],
])("the frame%s", (frame, place) => {
  expect(userFrame(`Error: at ( in the message\n${frame}`)).toBe(place);
});
