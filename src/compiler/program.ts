/**
 * A Program is a compiled graph as plain data: it can be structured-cloned to a worker, written to a file and read back,
 * and runs where the model's source has never been.
 */
import type { DType, Shape } from "./graph.ts";

/** Where an input is written or an output is read: `offset` in bytes. Everything in memory is a double. */
export interface Port {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly offset: number;
  readonly size: number;
}

export interface Program {
  readonly format: "lapilli-program";
  readonly version: 1;
  /** The WebAssembly module: exports `run` and `memory`, imports nothing. */
  readonly code: Uint8Array;
  /** Data and tables, copied to `constantsAt` before the first run. */
  readonly constants: Uint8Array;
  readonly constantsAt: number;
  /** Bytes of memory in all. */
  readonly bytes: number;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** A program that is ready to run. Running it allocates nothing. */
export interface Instance {
  readonly run: () => void;
  /** Views of the program's memory, by position; write the inputs, call run, read the outputs. */
  readonly inputs: readonly Float64Array[];
  readonly outputs: readonly Float64Array[];
  /** All inputs (outputs) as one stretch, in order. */
  readonly input: Float64Array;
  readonly output: Float64Array;
}

const modules: Map<string, WebAssembly.Module> = new Map();
const cacheLimit = 256;

/** The compiled module of these bytes, kept by content: tracing the same model again compiles nothing. */
function moduleOf(code: Uint8Array): WebAssembly.Module {
  const key = latin1.decode(code);
  const known = modules.get(key);
  if (known) return known;
  const module = compiled(code as Uint8Array<ArrayBuffer>);
  if (modules.size >= cacheLimit) modules.delete(modules.keys().next().value!);
  modules.set(key, module);
  return module;
}
function compiled(code: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(code);
  } catch (error) {
    // Validating takes as long as compiling, and is left to the engine unless something is wrong.
    if (!WebAssembly.validate(code)) invalid("its WebAssembly module does not validate");
    throw error;
  }
}
/** Every byte a character of its own. */
const latin1: TextDecoder = new TextDecoder("latin1");

/**
 * Makes a program ready to run.
 * @throws TypeError when it is not a valid program, saying what is wrong with it.
 */
export function instantiate(program: Program): Instance {
  validate(program);
  return start(program);
}

/** The same for a program that was made here and needs no checks. */
export function start(program: Program): Instance {
  const { exports } = new WebAssembly.Instance(moduleOf(program.code));
  const { memory, run } = exports as { memory: WebAssembly.Memory; run: () => void };
  if (!(memory instanceof WebAssembly.Memory) || typeof run !== "function")
    invalid("its module does not export memory and run");
  if (memory.buffer.byteLength < program.bytes)
    invalid(`its memory has ${memory.buffer.byteLength} bytes, ${program.bytes} are needed`);
  new Uint8Array(memory.buffer).set(program.constants, program.constantsAt);
  const view = (port: Port): Float64Array => new Float64Array(memory.buffer, port.offset, port.size);
  const whole = (ports: readonly Port[]): Float64Array =>
    new Float64Array(
      memory.buffer,
      ports[0]?.offset ?? 0,
      ports.reduce((n, p) => n + p.size, 0),
    );
  return {
    run,
    inputs: program.inputs.map(view),
    outputs: program.outputs.map(view),
    input: whole(program.inputs),
    output: whole(program.outputs),
  };
}

function invalid(why: string): never {
  throw new TypeError(
    `Not a valid Lapilli program: ${why}. Programs come from compile(); make it again with this version of the library.`,
  );
}

/** Checks a program that came from outside. @throws TypeError */
export function validate(program: Program): void {
  if (program === null || typeof program !== "object" || program.format !== "lapilli-program")
    invalid("the format field is not lapilli-program");
  if (program.version !== 1) invalid(`version ${String(program.version)} is not known here, 1 is`);
  for (const field of ["code", "constants"] as const)
    if (!(program[field] instanceof Uint8Array)) invalid(`${field} is not a Uint8Array`);
  for (const field of ["bytes", "constantsAt"] as const) {
    if (!Number.isSafeInteger(program[field]) || program[field] < 0) invalid(`${field} is ${String(program[field])}`);
  }
  if (program.constantsAt + program.constants.length > program.bytes) invalid("the constants do not fit the memory");
  for (const list of ["inputs", "outputs"] as const) {
    if (!Array.isArray(program[list])) invalid(`${list} is not a list`);
    (program[list] as readonly Port[]).forEach((port, i) => checkPort(port, `${list}[${i}]`, program.bytes));
    contiguous(program[list], list);
  }
  if (WebAssembly.Module.imports(moduleOf(program.code)).length > 0) invalid("its module wants imports");
}

function checkPort(port: Port, where: string, bytes: number): void {
  if (port === null || typeof port !== "object" || !Array.isArray(port.shape)) invalid(`${where} has no shape`);
  if (port.shape.some((n) => !Number.isSafeInteger(n) || n < 0))
    invalid(`${where} has shape [${port.shape.join(", ")}]`);
  const size = port.shape.reduce((a, b) => a * b, 1);
  if (port.size !== size) invalid(`${where} has size ${String(port.size)}, its shape ${size}`);
  if (
    !Number.isSafeInteger(port.offset) ||
    port.offset < 0 ||
    port.offset % 8 !== 0 ||
    port.offset + size * 8 > bytes
  ) {
    invalid(`${where} lies outside the memory (offset ${String(port.offset)})`);
  }
}
function contiguous(ports: readonly Port[], list: string): void {
  ports.forEach((port, i) => {
    const before = ports[i - 1];
    if (before && port.offset !== before.offset + before.size * 8)
      invalid(`${list}[${i}] does not follow ${list}[${i - 1}]`);
  });
}
