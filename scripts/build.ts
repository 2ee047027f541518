/**
 * Builds the package into `dist/`: what `tsc -p tsconfig.build.json` would write, with the calls of top-level constants marked as free
 * of side effects, and for Node the same in few files. Run as `npm run build`.
 */
import { rmSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript";
import { bundleForNode } from "./nodeBundle.ts";
import { pureCalls } from "./pureCalls.ts";

const root = resolve(import.meta.dirname, "..");

const host: ts.FormatDiagnosticsHost = {
  getCurrentDirectory: () => root,
  getCanonicalFileName: (name) => name,
  getNewLine: () => "\n",
};

async function build(): Promise<boolean> {
  const config = ts.getParsedCommandLineOfConfigFile(resolve(root, "tsconfig.build.json"), undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.formatDiagnostic(diagnostic, host));
    },
  })!;
  const program = ts.createProgram(config.fileNames, config.options);
  const { diagnostics } = program.emit(undefined, undefined, undefined, false, { after: [pureCalls] });
  const all = ts.sortAndDeduplicateDiagnostics([
    ...config.errors,
    ...ts.getPreEmitDiagnostics(program),
    ...diagnostics,
  ]);
  process.stderr.write(ts.formatDiagnosticsWithColorAndContext(all, host));
  if (all.length > 0) return false;
  await bundleForNode(root, program);
  return true;
}

rmSync(resolve(root, "dist"), { recursive: true, force: true });
process.exitCode = (await build()) ? 0 : 1;
