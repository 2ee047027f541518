/** A real browser and a server for its pages. */
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, resolve } from "node:path";
import { build } from "esbuild";
import { type Browser, chromium } from "playwright-core";

const root = resolve(import.meta.dirname, "../..");

/** Where Chromium or Chrome is, if it is installed. The environment variable `CHROMIUM` comes first. */
export const chromiumPath: string | undefined = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== undefined && existsSync(path));

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath!,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** The files of a page bundled for the browser, by name; the worker is an entry of its own beside the page. */
export async function bundle(): Promise<Map<string, Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: { page: resolve(import.meta.dirname, "page.ts"), worker: `${root}/inference/runner/worker.ts` },
    alias: { lapilli: `${root}/src/index.ts` },
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    outdir: "/",
    write: false,
  });
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]));
}

const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".html": "text/html" };

export interface Site {
  /** The address of a page whose scripts, workers' included, are under this content security policy. */
  readonly page: (policy: string) => string;
  readonly close: () => void;
}

/** Serves files on this machine; the first part of a path is the policy. */
export async function serve(files: ReadonlyMap<string, Uint8Array>): Promise<Site> {
  const all = new Map(files).set(
    "/index.html",
    new TextEncoder().encode(
      '<!doctype html><meta charset="utf-8"><title>Lapilli</title><script type="module" src="page.js"></script>',
    ),
  );
  const server = createServer((request, response) => {
    const [, policy = "", name = ""] = (request.url ?? "").split("/");
    const contents = all.get(`/${name}`);
    response.writeHead(contents === undefined ? 404 : 200, {
      "content-type": TYPES[extname(name)] ?? "text/plain",
      "content-security-policy": decodeURIComponent(policy),
    });
    response.end(contents);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    page: (policy) => `http://127.0.0.1:${port}/${encodeURIComponent(policy)}/index.html`,
    close: () => server.close(),
  };
}
