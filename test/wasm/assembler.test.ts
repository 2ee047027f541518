import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Code, ModuleBuilder, type ValueType } from "../../src/wasm/assembler.ts";
import { features } from "../../src/wasm/featureProbe.ts";
import { INSTRUCTIONS, type Instruction } from "../../src/wasm/instructionSet.ts";
import { pushSigned, pushSigned64, pushUnsigned, Reader } from "../../src/wasm/leb128.ts";
import { immediatesOf, naturalAlignment } from "../../src/wasm/opcodes.ts";

type Callable = (...args: (number | bigint)[]) => number | bigint;

function compile(m: ModuleBuilder, imports: WebAssembly.Imports = {}): WebAssembly.Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(m.build()), imports).exports;
}

/** Compile one function with a page of memory and call it. */
function evaluate(
  params: readonly ValueType[],
  result: ValueType,
  body: (c: Code) => void,
  ...args: (number | bigint)[]
): number | bigint {
  const m = new ModuleBuilder();
  m.memory(1);
  m.export("f", m.func("f", params, [result], body));
  return (compile(m).f as Callable)(...args);
}

const encode = <T>(push: (out: number[], x: T) => void, x: T) => {
  const out: number[] = [];
  push(out, x);
  return out;
};
const reader = (bytes: number[]) => new Reader(Uint8Array.from(bytes));

describe("LEB128", () => {
  test.each([
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 1]],
    [624485, [0xe5, 0x8e, 0x26]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])("unsigned %i", (x, bytes) => expect(encode(pushUnsigned, x)).toEqual(bytes));

  test.each([
    [0, [0]],
    [-1, [0x7f]],
    [63, [0x3f]],
    [64, [0xc0, 0]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [-123456, [0xc0, 0xbb, 0x78]],
    [-(2 ** 31), [0x80, 0x80, 0x80, 0x80, 0x78]],
  ])("signed %i", (x, bytes) => expect(encode(pushSigned, x)).toEqual(bytes));

  test("reading gives back what was written, in the fewest bytes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer(),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        (u, s, l) => {
          const bytes = [...encode(pushUnsigned, u), ...encode(pushSigned, s), ...encode(pushSigned64, l)];
          const r = reader(bytes);
          expect([r.unsigned(), r.signed(), r.signed64()]).toEqual([u, s, l]);
          expect(r.at).toBe(bytes.length);
          expect(encode(pushUnsigned, u).length).toBe(Math.max(1, Math.ceil((32 - Math.clz32(u)) / 7)));
          expect(encode(pushSigned64, BigInt(s))).toEqual(encode(pushSigned, s));
        },
      ),
    );
  });

  test("integers as constants", () => {
    for (const x of [0, 1, -1, 63, 64, -64, -65, 8191, 8192, 2 ** 31 - 1, -(2 ** 31)]) {
      expect(evaluate([], "i32", (c) => c.i32(x))).toBe(x);
      expect(evaluate([], "i64", (c) => c.i64(BigInt(x) * 2n ** 20n))).toBe(BigInt(x) * 2n ** 20n);
    }
    expect(evaluate([], "i32", (c) => c.i32(0xffffffff))).toBe(-1);
    expect(evaluate([], "i64", (c) => c.i64(2n ** 64n - 1n))).toBe(-1n);
  });
});

/** Operand and result types of an instruction without control flow, from its name. */
function signature(name: Instruction): { operands: ValueType[]; results: ValueType[] } | undefined {
  const [prefix, operation] = name.split(".") as [string, string];
  if (operation === undefined || ["local", "global"].includes(prefix)) return undefined;
  if (prefix === "memory") {
    if (operation === "size") return { operands: [], results: ["i32"] };
    return operation === "grow"
      ? { operands: ["i32"], results: ["i32"] }
      : { operands: ["i32", "i32", "i32"], results: [] };
  }
  const lane = prefix.includes("x");
  const type = (lane ? "v128" : prefix) as ValueType;
  const scalar = (/^(i8|i16|i32)x/.test(prefix) ? "i32" : prefix.split("x")[0]) as ValueType;
  const from = /_(i32|i64|f32|f64)(_[su])?$/.exec(operation);
  if (operation === "const" || operation === "shuffle")
    return operation === "const" ? { operands: [], results: [type] } : { operands: [type, type], results: [type] };
  if (operation.startsWith("load"))
    return { operands: operation.endsWith("_lane") ? ["i32", type] : ["i32"], results: [type] };
  if (operation.startsWith("store")) return { operands: ["i32", type], results: [] };
  if (operation === "splat") return { operands: [scalar], results: [type] };
  if (operation.startsWith("extract_lane")) return { operands: [type], results: [scalar] };
  if (operation === "replace_lane") return { operands: [type, scalar], results: [type] };
  if (/^(any_true|all_true|bitmask|eqz)$/.test(operation)) return { operands: [type], results: ["i32"] };
  if (lane && /^sh[lr]/.test(operation)) return { operands: [type, "i32"], results: [type] };
  if (operation === "bitselect" || operation.startsWith("relaxed_"))
    return { operands: [type, type, type], results: [type] };
  if (!lane && from) return { operands: [from[1] as ValueType], results: [type] };
  if (!lane && /^(eq|ne|lt|gt|le|ge)(_[su])?$/.test(operation) && type !== "v128")
    return { operands: [type, type], results: ["i32"] };
  const unary =
    /^(clz|ctz|popcnt|abs|neg|not|ceil|floor|trunc|nearest|sqrt|convert|demote|promote|extadd|extend|trunc_sat)(_|\d|$)/.test(
      operation,
    );
  return { operands: unary ? [type] : [type, type], results: [type] };
}

function pushZero(c: Code, type: ValueType): void {
  if (type === "i32") c.i32(0);
  else if (type === "i64") c.i64(0n);
  else if (type === "f64") c.f64(0);
  else if (type === "f32") c.f64(0).op(INSTRUCTIONS["f32.demote_f64"]);
  else c.f64x2(0);
}

function pushOne(c: Code, type: ValueType): void {
  if (type === "i32") c.i32(1);
  else c.i64(1n);
}

function pushInstruction(c: Code, name: Instruction): void {
  if (name === "i32.const") c.i32(1);
  else if (name === "i64.const") c.i64(1n);
  else if (name === "f64.const") c.f64(1);
  else if (name === "v128.const") c.f64x2(1);
  else {
    const encoding = INSTRUCTIONS[name];
    const kind = immediatesOf(encoding);
    if (kind === "memory") c.op(encoding, 8, naturalAlignment(name));
    else if (kind === "memoryLane") c.op(encoding, 8, naturalAlignment(name), 1);
    else if (kind === "lane") c.op(encoding, 1);
    else if (kind === "bytes16") c.op(encoding, ...Array.from({ length: 16 }, (_, i) => i));
    else c.op(encoding);
  }
}

describe("instruction table", () => {
  const names = Object.keys(INSTRUCTIONS) as Instruction[];
  const covered = names.filter((name) => signature(name) && name !== "f32.const");

  test("known encodings", () => {
    const known: Partial<Record<Instruction, number>> = {
      "i32.load": 0x28,
      "memory.grow": 0x40,
      "i64.ge_u": 0x5a,
      "f64.ge": 0x66,
      "i64.rotr": 0x8a,
      "f64.copysign": 0xa6,
      "i64.extend32_s": 0xc4,
      "i64.trunc_sat_f64_u": 0xfc007,
      "v128.load64_zero": 0xfd05d,
      "f64x2.replace_lane": 0xfd022,
      "f64x2.ge": 0xfd04c,
      "i64x2.mul": 0xfd0d5,
      "f64x2.pmax": 0xfd0f7,
      "f64x2.convert_low_i32x4_u": 0xfd0ff,
      "f64x2.relaxed_nmadd": 0xfd108,
    };
    for (const [name, encoding] of Object.entries(known))
      expect([name, INSTRUCTIONS[name as Instruction]]).toEqual([name, encoding]);
    expect(new Set(Object.values(INSTRUCTIONS)).size).toBe(names.length);
    expect(covered.length).toBeGreaterThan(400);
  });

  test.each(covered)("%s validates and, in plain SIMD, runs", (name) => {
    const { operands, results } = signature(name)!;
    const relaxed = name.includes("relaxed");
    if (relaxed && !features().relaxedSimd) return;
    const m = new ModuleBuilder();
    m.memory(1);
    const f = m.func("f", [], [], (c) => {
      // 0 / 0 traps.
      const divides = /\.(div|rem)_/.test(name);
      for (const type of operands) divides ? pushOne(c, type) : pushZero(c, type);
      pushInstruction(c, name);
      for (const _ of results) c.op("drop");
    });
    m.export("f", f);
    expect(() => (compile(m).f as Callable)()).not.toThrow();
  });

  test("natural alignments", () => {
    const expected: Partial<Record<Instruction, number>> = {
      "i32.load8_s": 0,
      "i64.load16_u": 1,
      "f32.store": 2,
      "f64.load": 3,
      "v128.load": 4,
      "v128.load32x2_s": 3,
      "v128.load64_splat": 3,
      "v128.store16_lane": 1,
    };
    for (const [name, log2] of Object.entries(expected)) expect([name, naturalAlignment(name)]).toEqual([name, log2]);
  });
});

describe("functions", () => {
  test("locals keep their identity when grouped by type", () => {
    const f = (c: Code) => {
      const a = c.local("f64", "a");
      const b = c.local("i32", "b");
      const d = c.local("f64", "d");
      const e = c.local("v128", "e");
      const g = c.local("i32", "g");
      c.f64(2).set(a).i32(3).set(b).f64(5).set(d).f64x2(7).set(e).i32(11).set(g);
      c.get(a).get(b).op("f64.convert_i32_s").op("f64.mul").get(d).op("f64.mul");
      c.get(e)
        .op("f64x2.extract_lane", 1)
        .op("f64.mul")
        .get(g)
        .op("f64.convert_i32_s")
        .op("f64.mul")
        .get(c.params[0]!)
        .op("f64.mul");
    };
    expect(evaluate(["f64"], "f64", f, 13)).toBe(2 * 3 * 5 * 7 * 11 * 13);
    // Nine locals of three types are three groups.
    const m = new ModuleBuilder();
    m.func("f", [], [], (c) => {
      for (let i = 0; i < 3; i++) for (const type of ["f64", "i32", "v128"] as const) c.local(type);
    });
    expect(Array.from(m.build()).join(",")).toContain([3, 3, 0x7f, 3, 0x7c, 3, 0x7b, 0x0b].join(","));
  });

  test("more than 127 locals", () => {
    const f = (c: Code) => {
      const all = Array.from({ length: 300 }, (_, i) => c.local(i % 2 ? "i32" : "f64"));
      for (const l of all) (l.type === "i32" ? c.i32(l.index) : c.f64(l.index)).set(l);
      c.get(all[298]!).get(all[299]!).op("f64.convert_i32_s").op("f64.add");
    };
    expect(evaluate([], "f64", f)).toBe(597);
  });

  test("calls: recursion, forward references, imports declared late", () => {
    const m = new ModuleBuilder();
    const isOdd = m.declare("isOdd", ["i32"], ["i32"]);
    const seen: number[] = [];
    const isEven = m.func("isEven", ["i32"], ["i32"], (c) => {
      const [n] = c.params;
      c.get(n!)
        .op("i32.eqz")
        .if(() => c.i32(1).return());
      c.get(n!).i32(1).op("i32.sub").call(isOdd);
    });
    const report = m.importFunction("host", "report", ["i32"], []);
    m.define(isOdd, (c) => {
      const [n] = c.params;
      c.get(n!).call(report);
      c.get(n!)
        .op("i32.eqz")
        .if(() => c.i32(0).return());
      c.get(n!).i32(1).op("i32.sub").call(isEven);
    });
    m.export("isEven", isEven);
    const { isEven: run } = compile(m, { host: { report: (n: number) => seen.push(n) } });
    expect([(run as Callable)(10), (run as Callable)(7)]).toEqual([1, 0]);
    expect(seen).toEqual([9, 7, 5, 3, 1, 6, 4, 2, 0]);
  });

  test("several results", () => {
    const m = new ModuleBuilder();
    m.export(
      "divmod",
      m.func("divmod", ["i32", "i32"], ["i32", "i32"], (c) => {
        const [a, b] = c.params;
        c.get(a!).get(b!).op("i32.div_s").get(a!).get(b!).op("i32.rem_s");
      }),
    );
    expect((compile(m).divmod as (a: number, b: number) => number[])(17, 5)).toEqual([3, 2]);
  });

  test("block, loop, if and branches", () => {
    // Collatz steps.
    const steps = (c: Code) => {
      const [n] = c.params;
      const count = c.local("i32");
      c.block(() => {
        c.loop(() => {
          c.get(n!).i32(1).op("i32.eq").brIf(1);
          c.get(n!)
            .i32(1)
            .op("i32.and")
            .if(
              () => c.get(n!).i32(3).op("i32.mul").i32(1).op("i32.add").set(n!),
              () => c.get(n!).i32(1).op("i32.shr_u").set(n!),
            );
          c.get(count).i32(1).op("i32.add").set(count);
          c.br(0);
        });
      });
      c.get(count);
    };
    expect(evaluate(["i32"], "i32", steps, 27)).toBe(111);
  });

  test("countedLoop: from the counter's value, in steps, not at all when past the limit; label 1 leaves", () => {
    const visits = (start: number, limit: number, step: number, leaveAt = 1e9) => {
      const body = (c: Code) => {
        const i = c.local("i32");
        const sum = c.local("i32");
        const end = c.local("i32");
        c.i32(start).set(i).i32(limit).set(end);
        c.countedLoop(i, start % 2 ? limit : end, step, () => {
          c.get(i).i32(leaveAt).op("i32.ge_s").brIf(1);
          c.get(sum).i32(1000).op("i32.mul").get(i).op("i32.add").set(sum);
        });
        c.get(sum);
      };
      return evaluate([], "i32", body);
    };
    expect(visits(1, 4, 1)).toBe(1_002_003);
    expect(visits(2, 7, 2)).toBe(2_004_006);
    expect(visits(4, 4, 1)).toBe(0);
    expect(visits(1, 9, 1, 3)).toBe(1002);
  });

  test("double constants keep their bits", () => {
    fc.assert(
      fc.property(fc.double(), (x) => {
        expect(evaluate([], "f64", (c) => c.f64(x))).toBe(x);
        expect(evaluate([], "f64", (c) => c.f64x2(x).op("f64x2.extract_lane", 1))).toBe(x);
      }),
      { numRuns: 30 },
    );
    expect(
      Object.is(
        evaluate([], "f64", (c) => c.f64(-0)),
        -0,
      ),
    ).toBe(true);
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
    expect(evaluate([], "i64", (c) => c.v128(bytes).op(INSTRUCTIONS["i64x2.extract_lane"], 1))).toBe(
      0x100f0e0d0c0b0a09n,
    );
  });

  test("SIMD lanes and memory", () => {
    const m = new ModuleBuilder();
    m.memory(1, { export: "memory" });
    m.data(16, new Uint8Array(Float64Array.of(1, 2, 3, 4).buffer));
    m.export(
      "f",
      m.func("f", ["i32"], ["f64"], (c) => {
        const p = c.params[0]!;
        c.get(p).get(p).load("v128.load", 0).get(p).load("v128.load", 16).op("f64x2.add").store("v128.store", 32);
        c.get(p).get(p).load("v128.load64_zero", 8).op("v128.store64_lane", 48, 3, 0);
        c.get(p).get(p).load("v128.load64_splat", 24).op("v128.load64_lane", 0, 3, 0).op("f64x2.extract_lane", 1);
      }),
    );
    const { f, memory } = compile(m);
    expect((f as Callable)(16)).toBe(4);
    expect(Array.from(new Float64Array((memory as WebAssembly.Memory).buffer, 16, 7))).toEqual([1, 2, 3, 4, 4, 6, 2]);
  });
});

describe("modules", () => {
  test("types are deduplicated", () => {
    const build = (count: number, type: (i: number) => ValueType) => {
      const m = new ModuleBuilder();
      for (let i = 0; i < count; i++) m.func("f", [type(i)], [], () => {});
      return m.build().length;
    };
    const types: ValueType[] = ["i32", "i64", "f64"];
    // Two more types of four bytes (form, one parameter, its type, no result).
    expect(build(3, (i) => types[i]!) - build(3, () => "i32")).toBe(8);
  });

  test("memory: imported, bounded, and data placed in it", () => {
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 4 });
    const m = new ModuleBuilder();
    m.memory(2, { import: ["env", "memory"], max: 4, export: "again" });
    m.data(70000, Uint8Array.of(1, 2, 3));
    m.data(0, Uint8Array.of(9));
    const exports = compile(m, { env: { memory } });
    expect(exports.again).toBe(memory);
    expect(Array.from(new Uint8Array(memory.buffer, 70000, 3))).toEqual([1, 2, 3]);
    expect(new Uint8Array(memory.buffer)[0]).toBe(9);
  });

  test("name section names functions in stack traces", () => {
    const m = new ModuleBuilder();
    m.export(
      "f",
      m.func("thrower", [], [], (c) => c.op("unreachable")),
    );
    let stack = "";
    try {
      (compile(m).f as Callable)();
    } catch (error) {
      stack = (error as Error).stack ?? "";
    }
    expect(stack).toContain("thrower");
  });

  test("the same module has the same bytes", () => {
    const build = () => {
      const m = new ModuleBuilder();
      m.func("f", ["f64"], ["f64"], (c) => c.get(c.params[0]!).op("f64.sqrt"), ["x"]);
      return m.build();
    };
    expect(build()).toEqual(build());
  });
});

describe("mistakes", () => {
  const inFunction = (body: (c: Code) => void) => () => new ModuleBuilder().func("f", ["f64"], [], body);

  test("a local of another function", () => {
    const other = new ModuleBuilder();
    other.func("g", [], [], (g) => {
      const local = g.local("i32");
      expect(inFunction((c) => c.get(local))).toThrow("Local 0 (i32) does not belong to this function, which has 1.");
    });
  });

  test("immediates", () => {
    expect(inFunction((c) => c.op("f64x2.extract_lane"))).toThrow("f64x2.extract_lane takes 1 immediates; got 0 ()");
    expect(inFunction((c) => c.op("f64.add", 1))).toThrow("f64.add takes 0 immediates; got 1 (1)");
    expect(inFunction((c) => c.op("f64.const", 1))).toThrow("Emit f64.const through its own method");
    expect(inFunction((c) => c.op("block"))).toThrow("Emit block through its own method");
    expect(inFunction((c) => c.v128(new Uint8Array(8)))).toThrow("v128 needs 16 bytes; got 8.");
  });

  test("functions and exports", () => {
    const m = new ModuleBuilder();
    const f = m.declare("f", [], []);
    expect(() => m.build()).toThrow("Function f was declared and never defined.");
    m.define(f, () => {});
    expect(() => m.define(f, () => {})).toThrow("Function f has a body already.");
    m.export("f", f);
    expect(() => m.export("f", f)).toThrow("exports f already");
    const stranger = new ModuleBuilder().func("g", [], [], () => {});
    expect(() => m.define(stranger, () => {})).toThrow("Function g was not declared in this module.");
    m.func("h", [], [], (c) => c.call(stranger));
    expect(() => m.build()).toThrow("Function g was not declared in this module.");
    m.memory(1);
    expect(() => m.memory(1)).toThrow("has a memory already");
  });
});

test("the feature probe agrees with the engine", () => {
  expect(features()).toMatchObject({ webAssembly: true, simd: true });
  expect(features()).toBe(features());
});
