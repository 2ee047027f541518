/** What the engine can do. */
import { type Code, ModuleBuilder } from "./assembler.ts";

/** What the engine running this code offers. */
export interface Features {
  /** Modules can be compiled: false without WebAssembly and where a content security policy forbids it. */
  readonly webAssembly: boolean;
  /** 128-bit SIMD. */
  readonly simd: boolean;
  /** Relaxed SIMD (fused multiply-add, whose bits differ between machines). */
  readonly relaxedSimd: boolean;
}

let cached: Features | undefined;

/** Probe the engine once, by compiling or validating modules of a few bytes. */
export function features(): Features {
  cached ??= probe();
  return cached;
}

function probe(): Features {
  try {
    new WebAssembly.Module(tiny(() => {}));
  } catch {
    // No WebAssembly, or a content security policy without 'wasm-unsafe-eval'.
    return { webAssembly: false, simd: false, relaxedSimd: false };
  }
  return {
    webAssembly: true,
    simd: WebAssembly.validate(tiny((c) => c.f64x2(0).op("f64x2.sqrt").op("drop"))),
    relaxedSimd: WebAssembly.validate(tiny((c) => c.f64x2(0).f64x2(0).f64x2(0).op("f64x2.relaxed_madd").op("drop"))),
  };
}

function tiny(body: (c: Code) => void): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.func("f", [], [], body);
  return m.build();
}
