import { describe, expect, test } from "vitest";
import { type FunctionRef, ModuleBuilder } from "../../src/wasm/assembler.ts";
import { disassemble } from "../../src/wasm/disassemble.ts";
import { INSTRUCTIONS } from "../../src/wasm/instructionSet.ts";
import { type Kernel, linkKernel } from "../../src/wasm/kernels/kernel.ts";
import { kernels } from "./kernelTable.ts";

describe("disassemble", () => {
  test("a small module, with names", () => {
    const m = new ModuleBuilder();
    m.memory(1, { export: "memory", max: 3 });
    m.data(64, new Uint8Array(24));
    const log = m.importFunction("host", "log", ["f64"], []);
    const norm = m.func(
      "norm",
      ["i32", "i32"],
      ["f64"],
      (c) => {
        const [at, end] = c.params;
        const sum = c.local("v128", "sum");
        const x = c.local("v128", "x");
        const count = c.local("i32");
        c.countedLoop(at!, end!, 16, () => {
          c.get(at!).load("v128.load", 8).tee(x).get(x).op("f64x2.mul").get(sum).op("f64x2.add").set(sum);
        });
        c.get(count).if(
          () => c.f64x2(1.5).set(sum),
          () => c.get(at!).get(sum).op("v128.store64_lane", 0, 3, 1),
        );
        c.get(sum)
          .get(sum)
          .op("i8x16.shuffle", ...Array.from({ length: 16 }, (_, i) => i + 8))
          .set(x);
        c.f64(-0)
          .call(log)
          .f64(Number.NEGATIVE_INFINITY)
          .op("drop")
          .i64(-7n)
          .op("drop")
          .op(INSTRUCTIONS["memory.size"])
          .op("drop");
        c.get(x).op("f64x2.extract_lane", 0).get(at!).op("f64.load", 0, 0).op("f64.add").op("f64.sqrt");
      },
      ["at", "end"],
    );
    m.export("norm", norm);
    expect(disassemble(m.build())).toMatchInlineSnapshot(`
      "(module
        (import "host" "log" (func $log (param $0 f64)))
        (memory 1 3)
        (export "memory" (memory 0))
        (export "norm" (func $norm))
        (func $norm (param $at i32) (param $end i32) (result f64)
          (local $2 i32) (local $sum v128) (local $x v128)
          local.get $at  local.get $end  i32.lt_s  if
            loop
              local.get $at  v128.load offset=8  local.tee $x  local.get $x  f64x2.mul  local.get $sum  f64x2.add  local.set $sum
              local.get $at  i32.const 16  i32.add  local.tee $at  local.get $end  i32.lt_s  br_if 0
            end
          end
          local.get $2  if
            v128.const f64x2 1.5 1.5  local.set $sum
          else
            local.get $at  local.get $sum  v128.store64_lane 1
          end
          local.get $sum  local.get $sum  i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23  local.set $x
          f64.const -0  call $log
          f64.const -inf  drop
          i64.const -7  drop
          memory.size  drop
          local.get $x  f64x2.extract_lane 0  local.get $at  f64.load align=1  f64.add  f64.sqrt
        )
        (data (i32.const 64) (; 24 bytes ;))
      )
      "
    `);
  });

  test("an imported memory, and vectors that are not doubles", () => {
    const m = new ModuleBuilder();
    m.memory(2, { import: ["env", "memory"] });
    m.func("mask", [], ["v128"], (c) => c.v128(Uint8Array.from({ length: 16 }, () => 0xff)));
    const wat = disassemble(m.build());
    expect(wat).toContain('(import "env" "memory" (memory 2))');
    expect(wat).toContain("v128.const i32x4 0xffffffff 0xffffffff 0xffffffff 0xffffffff");
  });

  test("every kernel can be read", () => {
    const m = new ModuleBuilder();
    m.memory(1);
    const linked = new Map<Kernel, FunctionRef>();
    for (const kernel of kernels) m.export(kernel.name, linkKernel(m, kernel, linked));
    const wat = disassemble(m.build());
    for (const { name } of linked.keys()) expect(wat).toContain(`(func $${name} (param`);
    expect(wat.split("(").length).toBe(wat.split(")").length);
  });

  test("what is not a module", () => {
    expect(() => disassemble(Uint8Array.of(1, 2, 3))).toThrow(
      "Not a WebAssembly module of version 1: 3 bytes that begin with 1,2,3.",
    );
    const m = new ModuleBuilder();
    m.func("f", [], [], (c) => c.op("nop"));
    const bytes = m.build();
    expect(() => disassemble(bytes.subarray(0, 20))).toThrow(/ends early/);
  });

  test("an unknown opcode is named with its place", () => {
    const m = new ModuleBuilder();
    m.func("odd", [], [], (c) => c.op("nop").op("nop").op("nop"));
    const bytes = m.build();
    const at = Buffer.from(bytes).indexOf(Buffer.from([1, 1, 1, 0x0b]));
    bytes[at + 1] = 0xf0;
    expect(() => disassemble(bytes)).toThrow("Unknown opcode 0xf0 at byte 2 of function $odd.");
  });
});
