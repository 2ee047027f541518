/** The examples in the docstrings of everything public run, and give what they say. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as lapilli from "lapilli";
import * as distributions from "lapilli/distributions";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folders = ["src/tensor", "src/autodiff", "distributions", "inference"];

interface Example {
  readonly file: string;
  readonly line: number;
  readonly code: readonly string[];
}

/** Every `@example`, up to the next tag or the end of its comment. */
function examplesIn(file: string): Example[] {
  const lines = readFileSync(root + file, "utf8").split("\n");
  return lines.flatMap((text, i) => {
    const start = text.indexOf("@example");
    if (start < 0) return [];
    const clean = (line: string): string => line.replace(/\*\/\s*$/, "").replace(/^\s*\* ?/, "");
    const code = [clean(text.slice(start + "@example".length)).trim()];
    for (
      let j = i + 1;
      !lines[j - 1]!.includes("*/") && j < lines.length && !/^\s*\* @|\*\/\s*$/.test(lines[j]!);
      j++
    ) {
      code.push(clean(lines[j]!));
    }
    return [{ file, line: i + 1, code: code.filter((line) => line.trim() !== "") }];
  });
}

/** Lines of the form `expression; // value`. */
const claim = /^(?!\s*(?:const|let|import|return|for|if|await|\}|\/\/))(.+?);?\s*\/\/\s*(.+)$/;

/** Runs an example; gives what its claims evaluate to beside what they say. Examples over names of the reader's own are left out. */
function run({ code }: Example): { got: unknown; says: string }[] | undefined {
  if (!code.some((line) => claim.test(line)) || code.some((line) => /\bawait\b|=>\s*\{\s*$/.test(line)))
    return undefined;
  const body = code.map((line) =>
    line.replace(claim, (_, expression, says) => `out.push({ got: (${expression}), says: ${JSON.stringify(says)} });`),
  );
  const scope = { ...distributions, ...lapilli, ...lapilli.special };
  const out: { got: unknown; says: string }[] = [];
  try {
    new Function(...Object.keys(scope), "out", body.join("\n"))(...Object.values(scope), out);
  } catch (error) {
    if (error instanceof ReferenceError || error instanceof SyntaxError) return undefined;
    throw error;
  }
  return out;
}

/** Nested arrays of numbers and truth values in place of tensors. */
const plain = (x: unknown): unknown => {
  if (x instanceof lapilli.Tensor) return x.toArray();
  if (ArrayBuffer.isView(x)) return [...(x as Float64Array)];
  if (Array.isArray(x)) return x.map(plain);
  if (x === null || typeof x !== "object") return x;
  return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, plain(value)]));
};

/** What a comment says, as far as it is a value: numbers may be cut short. Undefined for prose and formulas. */
function parseClaim(says: string): unknown {
  const text = says.trim().replaceAll("−", "-");
  const number = /^(-?[\d.]+(?:e-?\d+)?|-?Infinity)(?:…)?(?:$|[,;]| \()/.exec(text);
  if (number) return { number: Number(number[1]), digits: number[1]!.split(".")[1]?.replace(/e.*/, "").length ?? 0 };
  if (/^(true|false)$/.test(text)) return text === "true";
  if (!/^[[{]/.test(text)) return undefined;
  try {
    return new Function(`return (${text.replace(/;.*$/, "")})`)();
  } catch {
    return undefined;
  }
}

function agrees(got: unknown, claimed: unknown, shape: readonly number[] | undefined): boolean {
  if (claimed === undefined) return true;
  if (claimed !== null && typeof claimed === "object" && "number" in claimed) {
    const { number, digits } = claimed as { number: number; digits: number };
    return got === number || Math.abs((got as number) - number) <= 10 ** -Math.min(digits, 12);
  }
  if (typeof claimed === "number")
    return got === claimed || Math.abs((got as number) - claimed) <= 1e-3 * Math.max(1, Math.abs(claimed));
  if (!Array.isArray(claimed)) return typeof claimed === "object" || got === claimed;
  if (shape && JSON.stringify(shape) === JSON.stringify(claimed)) return true;
  return Array.isArray(got) && got.length === claimed.length && claimed.every((c, i) => agrees(got[i], c, undefined));
}

describe.each(folders)("examples in %s", (folder) => {
  const files = readdirSync(root + folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const examples = files.flatMap((name) => examplesIn(`${folder}/${name}`));
  it("give what they say", () => {
    const wrong: string[] = [];
    let checked = 0;
    for (const example of examples) {
      for (const { got, says } of run(example) ?? []) {
        checked++;
        const shape = got instanceof lapilli.Tensor ? got.shape : undefined;
        if (!agrees(plain(got), parseClaim(says), shape)) {
          wrong.push(`${example.file}:${example.line} gives ${JSON.stringify(plain(got))}, says ${says}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(checked).toBeGreaterThan(2);
  });
});
