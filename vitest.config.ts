import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfigFnObject } from "vitest/config";

const root = fileURLToPath(new URL(".", import.meta.url));

/** `vitest run` runs everything but test/long; `vitest run --mode long` runs test/long alone. */
const config: ViteUserConfigFnObject = defineConfig(({ mode }) => ({
  resolve: {
    // The package's own name means its sources, as in tsconfig.json.
    alias: [
      { find: /^lapilli$/, replacement: `${root}src/index.ts` },
      { find: /^lapilli\/(distributions|inference|gp|nn|plot|io)$/, replacement: `${root}$1/index.ts` },
    ],
  },
  test: {
    include: mode === "long" ? ["test/long/**/*.test.ts"] : ["test/**/*.test.ts"],
    exclude: mode === "long" ? ["**/node_modules/**"] : ["**/node_modules/**", "test/long/**"],
    testTimeout: mode === "long" ? 3_600_000 : 30_000,
    // .ci/run reads its counts from this file.
    reporters: process.env.CI ? ["default", ["json", { outputFile: "coverage/tests.json" }]] : ["default"],
  },
}));

export default config;
