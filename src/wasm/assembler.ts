/** WebAssembly modules from functions, memory and data. */
import { Code, type FunctionRef, VALUE_TYPES, type ValueType } from "./code.ts";
import { joinBytes, pushSigned, pushUnsigned } from "./leb128.ts";
import { OPCODES } from "./opcodes.ts";

export { Code, type FunctionRef, type Local, type ValueType } from "./code.ts";

/** Options of {@link ModuleBuilder.memory}. */
export interface MemoryOptions {
  /** Name under which the memory is exported. */
  export?: string;
  /** Module and field of an imported memory; without it the module has its own. */
  import?: [string, string];
  /** Maximum size in pages of 64 KiB. Default: none. */
  max?: number;
}

interface Definition {
  readonly ref: FunctionRef;
  /** Where an imported function comes from. */
  readonly source?: readonly [string, string];
  code?: Code;
}

/**
 * Builds a WebAssembly module: functions, one memory, data segments, exports and a name section.
 *
 * @example
 * const m = new ModuleBuilder();
 * const square = m.func("square", ["f64"], ["f64"], (c) => c.get(c.params[0]!).get(c.params[0]!).op("f64.mul"));
 * m.export("square", square);
 * const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.build()));
 */
export class ModuleBuilder {
  readonly #functions: Map<FunctionRef, Definition> = new Map();
  readonly #exports: [string, FunctionRef][] = [];
  readonly #data: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  #memory: { readonly pages: number; readonly options: MemoryOptions } | undefined;

  /** Reserve a function, so that it can be called before {@link define} gives it a body. */
  declare(name: string, params: readonly ValueType[], results: readonly ValueType[]): FunctionRef {
    const ref = { name, params, results };
    this.#functions.set(ref, { ref });
    return ref;
  }

  /**
   * Give a declared function its body. `paramNames` are for disassembly and debuggers.
   * @throws Error when the function is defined already, imported, or of another module.
   */
  define(f: FunctionRef, body: (code: Code) => void, paramNames?: readonly string[]): void {
    const definition = this.#functions.get(f);
    if (!definition) throw new Error(`Function ${f.name} was not declared in this module.`);
    if (definition.code || definition.source) throw new Error(`Function ${f.name} has a body already.`);
    definition.code = new Code(f.params, paramNames);
    body(definition.code);
  }

  /** {@link declare} and {@link define} in one. */
  func(
    name: string,
    params: readonly ValueType[],
    results: readonly ValueType[],
    body: (code: Code) => void,
    paramNames?: readonly string[],
  ): FunctionRef {
    const f = this.declare(name, params, results);
    this.define(f, body, paramNames);
    return f;
  }

  importFunction(
    module: string,
    name: string,
    params: readonly ValueType[],
    results: readonly ValueType[],
  ): FunctionRef {
    const ref = { name, params, results };
    this.#functions.set(ref, { ref, source: [module, name] });
    return ref;
  }

  /** The module's one memory, at least `pages` × 64 KiB. */
  memory(pages: number, options: MemoryOptions = {}): void {
    if (this.#memory) throw new Error("The module has a memory already.");
    this.#memory = { pages, options };
  }

  /** Bytes copied to `offset` in the memory at instantiation. */
  data(offset: number, bytes: Uint8Array): void {
    this.#data.push({ offset, bytes });
  }

  export(name: string, f: FunctionRef): void {
    if (this.#exports.some(([other]) => other === name)) throw new Error(`The module exports ${name} already.`);
    this.#exports.push([name, f]);
  }

  /**
   * The binary module. Function types are deduplicated.
   * @throws Error when a function was declared and never defined, or when a call or an export is of another module.
   */
  build(): Uint8Array<ArrayBuffer> {
    const all = [...this.#functions.values()];
    const imported = all.filter((f) => f.source);
    const defined = all.filter((f) => !f.source);
    const index = new Map([...imported, ...defined].map((f, i) => [f.ref, i]));
    const indexOf = (f: FunctionRef): number => {
      const i = index.get(f);
      if (i === undefined) throw new Error(`Function ${f.name} was not declared in this module.`);
      return i;
    };
    const types: string[] = [];
    const typeBytes: number[][] = [];
    const typeOf = ({ params, results }: FunctionRef): number => {
      const key = `${params}>${results}`;
      if (!types.includes(key)) {
        const out = [0x60];
        for (const list of [params, results])
          pushVector(
            out,
            list.map((t) => [VALUE_TYPES[t]]),
          );
        types.push(key);
        typeBytes.push(out);
      }
      return types.indexOf(key);
    };
    const imports = imported.map(({ ref, source }) => [
      ...text(source![0]),
      ...text(source![1]),
      0x00,
      ...leb(typeOf(ref)),
    ]);
    const signatures = defined.map(({ ref }) => leb(typeOf(ref)));
    const bodies = defined.map(({ ref, code }) => {
      if (!code) throw new Error(`Function ${ref.name} was declared and never defined.`);
      return code.finish(indexOf);
    });
    const exports = this.#exports.map(([name, f]) => [...text(name), 0x00, ...leb(indexOf(f))]);
    const memories: number[][] = [];
    if (this.#memory) {
      const { pages, options } = this.#memory;
      const limits = options.max === undefined ? [0, ...leb(pages)] : [1, ...leb(pages), ...leb(options.max)];
      if (options.import) imports.push([...text(options.import[0]), ...text(options.import[1]), 0x02, ...limits]);
      else memories.push(limits);
      if (options.export !== undefined) exports.unshift([...text(options.export), 0x02, 0]);
    }

    const chunks: (number[] | Uint8Array)[] = [[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]];
    const section = (id: number, items: readonly (readonly number[])[]) => {
      if (items.length === 0) return;
      const out: number[] = [];
      pushVector(out, items);
      chunks.push([id, ...leb(out.length)], out);
    };
    section(1, typeBytes);
    section(2, imports);
    section(3, signatures);
    section(5, memories);
    section(7, exports);
    if (bodies.length > 0) {
      const sizes = bodies.map(({ bytes }) => leb(bytes.length));
      const count = leb(bodies.length);
      const total = bodies.reduce((sum, { bytes }, i) => sum + sizes[i]!.length + bytes.length, count.length);
      chunks.push([10, ...leb(total)], count);
      bodies.forEach(({ bytes }, i) => {
        chunks.push(sizes[i]!, bytes);
      });
    }
    if (this.#data.length > 0) {
      const heads = this.#data.map(({ offset, bytes }) => {
        const head = [0, OPCODES["i32.const"]];
        pushSigned(head, offset);
        head.push(OPCODES.end, ...leb(bytes.length));
        return head;
      });
      const count = leb(heads.length);
      const total = this.#data.reduce((sum, { bytes }, i) => sum + heads[i]!.length + bytes.length, count.length);
      chunks.push([11, ...leb(total)], count);
      this.#data.forEach(({ bytes }, i) => {
        chunks.push(heads[i]!, bytes);
      });
    }
    const functionNames = [...index].map(([f, i]) => [...leb(i), ...text(f.name)]);
    const localNames = bodies.flatMap(({ names }, i) => {
      if (names.length === 0) return [];
      const out = leb(imported.length + i);
      pushVector(
        out,
        names.map(([l, name]) => [...leb(l), ...text(name)]),
      );
      return [out];
    });
    const names = text("name");
    for (const [id, items] of [
      [1, functionNames],
      [2, localNames],
    ] as const) {
      const out: number[] = [];
      pushVector(out, items);
      names.push(id, ...leb(out.length));
      for (const b of out) names.push(b);
    }
    chunks.push([0, ...leb(names.length)], names);

    return joinBytes(chunks);
  }
}

function leb(x: number): number[] {
  const out: number[] = [];
  pushUnsigned(out, x);
  return out;
}

const encoder = new TextEncoder();
function text(s: string): number[] {
  const bytes = encoder.encode(s);
  return [...leb(bytes.length), ...bytes];
}

function pushVector(out: number[], items: readonly (readonly number[])[]): void {
  pushUnsigned(out, items.length);
  for (const item of items) for (const b of item) out.push(b);
}
