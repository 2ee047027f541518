/** Locals of a function under construction. */
import type { Code, Local, ValueType } from "../wasm/assembler.ts";

/** Locals that are handed out again once released, so that a function needs as many as are in use at once. */
export class LocalPool {
  readonly #code: Code;
  readonly #free: Map<ValueType, Local[]> = new Map();

  constructor(code: Code) {
    this.#code = code;
  }
  readonly take = (type: ValueType): Local => this.#free.get(type)?.pop() ?? this.#code.local(type);
  readonly release = (locals: readonly Local[]): void => {
    for (const local of locals) {
      const free = this.#free.get(local.type) ?? [];
      free.push(local);
      this.#free.set(local.type, free);
    }
  };
}
