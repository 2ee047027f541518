/** Functions that are traced once and run many times: the bodies of loops and branches, and what `jit` compiles. */

let current: string | undefined;

/** What the function being traced belongs to, or undefined outside of such functions. */
export const tracedBody = (): string | undefined => current;

/** Runs `f` as the body of `owner`. */
export function asBody<T>(owner: string, f: () => T): T {
  const before = current;
  current = owner;
  try {
    return f();
  } finally {
    current = before;
  }
}
