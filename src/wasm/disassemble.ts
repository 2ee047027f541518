/** WebAssembly modules as text. */
import { VALUE_TYPES, type ValueType } from "./code.ts";
import { INSTRUCTIONS, type Instruction } from "./instructionSet.ts";
import { Reader } from "./leb128.ts";
import { immediatesOf, naturalAlignment } from "./opcodes.ts";

const NAME_OF = new Map(Object.entries(INSTRUCTIONS).map(([name, encoding]) => [encoding, name as Instruction]));
const TYPE_OF = new Map(Object.entries(VALUE_TYPES).map(([type, code]) => [code, type as ValueType]));

/** Instructions that leave nothing of their own statement on the stack, so that a line may end after them. */
const ENDS_LINE =
  /^(?:local\.set|global\.set|.*\.store.*|memory\.(?:copy|fill)|drop|br.*|return|unreachable|nop|call.*)$/;

interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

interface Names {
  readonly functions: ReadonlyMap<number, string>;
  readonly locals: ReadonlyMap<number, ReadonlyMap<number, string>>;
}

/**
 * A binary module as WebAssembly text, one statement a line, with the names of its name section.
 *
 * Reads what {@link ModuleBuilder} writes: types, imports, functions, one memory, exports, code and active data
 * segments (shown by length). Other sections appear as a comment.
 *
 * @throws Error when the bytes are not a module, and at the first unknown opcode.
 */
export function disassemble(bytes: Uint8Array): string {
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || head.getUint32(0) !== 0x0061736d || head.getUint32(4) !== 0x01000000) {
    throw new Error(
      `Not a WebAssembly module of version 1: ${bytes.length} bytes that begin with ${bytes.subarray(0, 8)}.`,
    );
  }
  const sections = sectionsOf(bytes);
  const names = readNames(sections);
  const types: Signature[] = [];
  const signatures: Signature[] = [];
  const lines: string[] = [];
  let imported = 0;
  let bodies = 0;
  const functionName = (i: number) => `$${names.functions.get(i) ?? i}`;

  for (const { id, body } of sections) {
    const r = new Reader(body);
    if (id === 1) repeat(r, () => types.push(readSignature(r)));
    else if (id === 2) {
      repeat(r, () => {
        const source = `${quote(r.text())} ${quote(r.text())}`;
        const kind = r.byte();
        if (kind === 0x02) lines.push(`(import ${source} (memory ${readLimits(r)}))`);
        else if (kind === 0x00) {
          const signature = types[r.unsigned()]!;
          lines.push(`(import ${source} (func ${functionName(imported++)}${signatureText(signature, new Map())}))`);
        } else
          throw new Error(`Cannot disassemble an import of kind ${kind} (${source}): only functions and memories.`);
      });
    } else if (id === 3) repeat(r, () => signatures.push(types[r.unsigned()]!));
    else if (id === 5) repeat(r, () => lines.push(`(memory ${readLimits(r)})`));
    else if (id === 7) {
      repeat(r, () => {
        const name = quote(r.text());
        const kind = r.byte();
        const index = r.unsigned();
        if (kind === 0x00) lines.push(`(export ${name} (func ${functionName(index)}))`);
        else lines.push(`(export ${name} (${["func", "table", "memory", "global"][kind]} ${index}))`);
      });
    } else if (id === 10) {
      repeat(r, () => {
        const index = imported + bodies;
        const code = new Reader(r.take(r.unsigned()));
        const locals = names.locals.get(index) ?? new Map<number, string>();
        lines.push(...functionText(functionName(index), signatures[bodies]!, code, locals, functionName));
        bodies++;
      });
    } else if (id === 11) {
      repeat(r, () => {
        if (r.unsigned() !== 0) throw new Error("Cannot disassemble a passive data segment.");
        r.byte();
        const offset = r.signed();
        r.byte();
        const length = r.unsigned();
        r.take(length);
        lines.push(`(data (i32.const ${offset}) (; ${length} bytes ;))`);
      });
    } else if (id !== 0) lines.push(`(; section ${id}, ${body.length} bytes ;)`);
  }
  return `(module\n${lines.map((line) => `  ${line}\n`).join("")})\n`;
}

function sectionsOf(bytes: Uint8Array): { readonly id: number; readonly body: Uint8Array }[] {
  const r = new Reader(bytes, 8);
  const sections: { id: number; body: Uint8Array }[] = [];
  while (r.at < bytes.length) {
    const id = r.byte();
    sections.push({ id, body: r.take(r.unsigned()) });
  }
  return sections;
}

function readNames(sections: readonly { readonly id: number; readonly body: Uint8Array }[]): Names {
  const functions = new Map<number, string>();
  const locals = new Map<number, Map<number, string>>();
  for (const { id, body } of sections) {
    const r = new Reader(body);
    if (id !== 0 || r.text() !== "name") continue;
    while (r.at < body.length) {
      const kind = r.byte();
      const part = new Reader(r.take(r.unsigned()));
      if (kind === 1) repeat(part, () => functions.set(part.unsigned(), part.text()));
      if (kind === 2) {
        repeat(part, () => {
          const own = new Map<number, string>();
          locals.set(part.unsigned(), own);
          repeat(part, () => own.set(part.unsigned(), part.text()));
        });
      }
    }
  }
  return { functions, locals };
}

function functionText(
  name: string,
  signature: Signature,
  code: Reader,
  names: ReadonlyMap<number, string>,
  functionName: (i: number) => string,
): string[] {
  const localName = (i: number) => `$${names.get(i) ?? i}`;
  const lines = [`(func ${name}${signatureText(signature, names)}`];
  let next = signature.params.length;
  const declared: string[] = [];
  repeat(code, () => {
    const count = code.unsigned();
    const type = valueType(code.byte());
    for (let i = 0; i < count; i++) declared.push(`(local ${localName(next++)} ${type})`);
  });
  if (declared.length > 0) lines.push(`  ${declared.join(" ")}`);

  let depth = 1;
  let line: string[] = [];
  const flush = () => {
    if (line.length > 0) lines.push("  ".repeat(depth) + line.join("  "));
    line = [];
  };
  while (depth > 0) {
    const at = code.at;
    const first = code.byte();
    const encoding = first === 0xfc || first === 0xfd ? first * 0x1000 + code.unsigned() : first;
    const op = NAME_OF.get(encoding);
    if (op === undefined)
      throw new Error(`Unknown opcode 0x${encoding.toString(16)} at byte ${at} of function ${name}.`);
    if (op === "end" || op === "else") {
      flush();
      depth--;
      lines.push(depth === 0 ? ")" : "  ".repeat(depth) + op);
      if (op === "else") depth++;
      continue;
    }
    line.push([op, ...immediateText(op, code, localName, functionName)].join(" "));
    if (immediatesOf(encoding) === "block") {
      flush();
      depth++;
    } else if (ENDS_LINE.test(op)) flush();
  }
  return lines;
}

function immediateText(
  op: Instruction,
  r: Reader,
  localName: (i: number) => string,
  functionName: (i: number) => string,
): string[] {
  const kind = immediatesOf(INSTRUCTIONS[op]);
  switch (kind) {
    case "none":
      return [];
    case "index": {
      const i = r.unsigned();
      return [op.startsWith("local.") ? localName(i) : op === "call" ? functionName(i) : String(i)];
    }
    case "block": {
      const type = r.signed();
      return type === -64 ? [] : [type < 0 ? `(result ${valueType(type & 0x7f)})` : `(type ${type})`];
    }
    case "memory":
    case "memoryLane": {
      const alignment = r.unsigned();
      const offset = r.unsigned();
      const out = offset === 0 ? [] : [`offset=${offset}`];
      if (alignment !== naturalAlignment(op)) out.push(`align=${2 ** alignment}`);
      return kind === "memoryLane" ? [...out, String(r.byte())] : out;
    }
    case "lane":
      return [String(r.byte())];
    case "bytes16":
      return op === "i8x16.shuffle" ? Array.from(r.take(16), String) : vectorText(r);
    case "zero":
      r.byte();
      return [];
    case "zeros":
      r.take(2);
      return [];
    case "i32":
    case "i64":
      return [String(r.signed64())];
    case "f32":
      return [floatText(r.f32())];
    case "f64":
      return [floatText(r.f64())];
    case "brTable":
      return Array.from({ length: r.unsigned() + 1 }, () => String(r.unsigned()));
    case "callIndirect":
      return [`(type ${r.unsigned()}) (; table ${r.unsigned()} ;)`];
  }
}

/** Doubles when both lanes are ordinary numbers, else four words. */
function vectorText(r: Reader): string[] {
  const lanes = [r.f64(), r.f64()];
  if (lanes.every((x) => x === 0 || (Math.abs(x) > 1e-290 && Math.abs(x) < 1e290)))
    return ["f64x2", ...lanes.map(floatText)];
  r.at -= 16;
  const b = r.take(16);
  const words = new DataView(b.buffer, b.byteOffset, 16);
  return ["i32x4", ...[0, 4, 8, 12].map((i) => `0x${words.getUint32(i, true).toString(16).padStart(8, "0")}`)];
}

function floatText(x: number): string {
  if (Number.isFinite(x)) return Object.is(x, -0) ? "-0" : String(x);
  return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
}

function signatureText({ params, results }: Signature, names: ReadonlyMap<number, string>): string {
  return [
    ...params.map((type, i) => ` (param ${names.has(i) ? `$${names.get(i)}` : `$${i}`} ${type})`),
    ...results.map((type) => ` (result ${type})`),
  ].join("");
}

function readSignature(r: Reader): Signature {
  r.byte();
  const list = () => Array.from({ length: r.unsigned() }, () => valueType(r.byte()));
  return { params: list(), results: list() };
}

function readLimits(r: Reader): string {
  const bounded = r.byte() & 1;
  return bounded ? `${r.unsigned()} ${r.unsigned()}` : String(r.unsigned());
}

function valueType(code: number): ValueType {
  const type = TYPE_OF.get(code);
  if (type === undefined) throw new Error(`Unknown value type 0x${code.toString(16)}.`);
  return type;
}

function quote(s: string): string {
  return JSON.stringify(s);
}

function repeat(r: Reader, each: () => void): void {
  for (let n = r.unsigned(); n > 0; n--) each();
}
