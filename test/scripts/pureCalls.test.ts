import ts from "typescript";
import { expect, test } from "vitest";
import { pureCalls } from "../../scripts/pureCalls.ts";

const marked = (source: string): string =>
  ts
    .transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      transformers: { after: [pureCalls] },
    })
    .outputText.replace('"use strict";', "")
    .trim();

const MARK = "/*@__PURE__*/";

test("marks the calls of top-level constants, those inside of their arguments and of object literals too", () => {
  expect(marked("const a = f(g(1));")).toBe(`const a = ${MARK} f(${MARK} g(1));`);
  expect(marked("export const b: X = { x: f(), y: [new Map()] };")).toBe(
    `export const b = { x: ${MARK} f(), y: [${MARK} new Map()] };`,
  );
});

test("leaves alone what runs later, and what a module does when it loads", () => {
  for (const source of [
    "const f = () => g(1);",
    "let x = g(1);",
    "late.add = g(1);",
    "function f() { const y = g(1); return y; }",
    "class A {\n    x = g(1);\n}",
  ]) {
    expect(marked(source)).not.toContain(MARK);
  }
  expect(marked("const a = f(() => g(1));")).toBe(`const a = ${MARK} f(() => g(1));`);
});
