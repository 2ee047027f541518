/** What a hand-written kernel is, and how it is linked. */
import type { Code, FunctionRef, Local, ModuleBuilder, ValueType } from "../assembler.ts";

/**
 * A hand-written routine that a compiled program may call.
 *
 * Addresses are byte offsets into the module's memory, aligned to 8; matrices are of doubles, row-major and contiguous; outputs do not
 * overlap inputs unless the kernel says so. Plain f64x2 in a fixed order: the same bits on every machine.
 */
export interface Kernel {
  readonly name: string;
  /** How many i32 parameters it takes; it returns nothing. */
  readonly params: number;
  /** Doubles of scratch memory for a call with these integer arguments, may be 0; its address is then the last parameter. */
  readonly scratch?: (dims: readonly number[]) => number;
  /** Define the routine in `m`; `link` gives the kernels it calls. Use {@link linkKernel}, which emits each once. */
  readonly emit: (m: ModuleBuilder, link: Link) => FunctionRef;
}

/** Gives the function of a kernel in the module being built, emitting it at first use. */
export type Link = (kernel: Kernel) => FunctionRef;

/**
 * The function of a kernel in module `m`, emitted with everything it calls unless `linked` holds it already. Keep one `linked` map per module.
 *
 * @example
 * const m = new ModuleBuilder();
 * m.memory(1, { export: "memory" });
 * m.export("gemv", linkKernel(m, gemv, new Map()));
 */
export function linkKernel(m: ModuleBuilder, kernel: Kernel, linked: Map<Kernel, FunctionRef>): FunctionRef {
  let f = linked.get(kernel);
  if (f === undefined) {
    f = kernel.emit(m, (other) => linkKernel(m, other, linked));
    linked.set(kernel, f);
  }
  return f;
}

/**
 * A kernel from its parameters' names and the body, which receives them as locals. All are i32, except that internal
 * routines may take doubles, whose names end in `F64`.
 */
export function kernel<const Name extends string>(
  name: string,
  params: readonly Name[],
  body: (c: Code, p: { readonly [K in Name]: Local }, link: Link) => void,
  scratch?: Kernel["scratch"],
): Kernel {
  const types: ValueType[] = params.map((p) => (p.endsWith("F64") ? "f64" : "i32"));
  const bind = (c: Code) => Object.fromEntries(params.map((p, i) => [p, c.params[i]!])) as { [K in Name]: Local };
  return {
    name,
    params: params.length,
    ...(scratch && { scratch }),
    emit: (m, link) => m.func(name, types, [], (c) => body(c, bind(c), link), params),
  };
}

/** Push `base + index * stride`. */
export function address(c: Code, base: Local, index: Local, stride: Local | number): Code {
  c.get(base).get(index);
  if (typeof stride === "number") c.i32(stride);
  else c.get(stride);
  return c.op("i32.mul").op("i32.add");
}

/** `target += amount`. */
export function advance(c: Code, target: Local, amount: Local | number): Code {
  c.get(target);
  if (typeof amount === "number") c.i32(amount);
  else c.get(amount);
  return c.op("i32.add").set(target);
}

/** `target = min(limit - start, size)`: the length of a block that begins at `start`. */
export function blockLength(c: Code, target: Local, limit: Local, start: Local, size: number): Code {
  c.get(limit).get(start).op("i32.sub").tee(target).i32(size).get(target).i32(size).op("i32.lt_s");
  return c.op("select").set(target);
}

/** Whole blocks: `while (counter + size <= limit) { body; counter += size }`, leaving the counter at the first element left over. */
export function blockLoop(c: Code, counter: Local, limit: Local, size: number, body: () => void): Code {
  const bound = c.local("i32");
  c.get(limit)
    .i32(size - 1)
    .op("i32.sub")
    .set(bound);
  return c.countedLoop(counter, bound, size, body);
}

/** `target = base + amount`. */
export function setSum(c: Code, target: Local, base: Local, amount: Local): Code {
  return c.get(base).get(amount).op("i32.add").set(target);
}

/** Push the doubles at two addresses as the lanes of one vector. */
export function loadPair(c: Code, low: Local, high: Local): Code {
  return c.get(high).get(low).load("v128.load64_zero", 0).op("v128.load64_lane", 0, 3, 1);
}
