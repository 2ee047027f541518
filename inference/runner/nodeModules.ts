/**
 * Node's own modules, reached without an `import` that a bundler for the browser would stumble over. Undefined in browsers and in
 * Node before 20.16.
 */
export function nodeModule<K extends keyof NodeModules>(name: K): NodeModules[K] | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } };
  return process?.getBuiltinModule?.(`node:${name}`) as NodeModules[K] | undefined;
}

export interface NodeModules {
  readonly worker_threads: typeof import("node:worker_threads");
  readonly os: typeof import("node:os");
  readonly module: typeof import("node:module");
  readonly url: typeof import("node:url");
}
