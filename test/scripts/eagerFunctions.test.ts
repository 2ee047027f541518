import ts from "typescript";
import { expect, test } from "vitest";
import { eagerFunctions, numbersOf } from "../../scripts/eagerFunctions.ts";

/** The text with the functions in parentheses that `ran` names. */
function eager(text: string, ran: (source: string) => boolean): string {
  const numbers = numbersOf(text, (start, end) => ran(text.slice(start, end)));
  const file = ts.createSourceFile("file.js", text, ts.ScriptTarget.Latest, true);
  const { transformed } = ts.transform(file, [eagerFunctions(() => numbers)]);
  return ts.createPrinter().printFile(transformed[0]!).replaceAll(/\s+/g, " ").trim();
}

const all = (): boolean => true;

test("arrow functions become function expressions in parentheses", () => {
  expect(eager("const f = (x) => x + 1;", all)).toBe("const f = (function (x) { return x + 1; });");
  expect(eager("const f = x => { g(y => y); };", all)).toBe(
    "const f = (function (x) { g((function (y) { return y; })); });",
  );
});

test("declarations count from the beginning of their block", () => {
  expect(eager('import "a"; const y = f(1); export function f(x) { return x; }', all)).toBe(
    'import "a"; export const f = (function (x) { return x; }); const y = f(1);',
  );
  expect(eager("function f() { return g(); function g() { return 1; } }", all)).toBe(
    "const f = (function () { const g = (function () { return 1; }); return g(); });",
  );
});

test("functions that did not run are left alone", () => {
  const text = "const f = () => 1; const g = () => 2;";
  expect(eager(text, (source) => source.includes("2"))).toBe(
    "const f = () => 1; const g = (function () { return 2; });",
  );
});

test.each([
  "class A { f() { return () => this.x; } get y() { return 1; } }",
  "const f = async () => 1;",
  "function* f() { yield 1; }",
])("%s stays as it is", (text) => {
  expect(eager(text, all)).toBe(text);
});

test("a function of its own has its own this", () => {
  expect(eager("const f = () => function () { return this; };", all)).toBe(
    "const f = (function () { return (function () { return this; }); });",
  );
});
