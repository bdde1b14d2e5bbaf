// Bundles the extension, the token map's page and the tests. With --tests: the tests too.
import { readdirSync, rmSync } from "node:fs";
import { build } from "esbuild";

const tests = process.argv.includes("--tests");
const node = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  logLevel: "warning",
};

rmSync("dist", { recursive: true, force: true });
await build({
  ...node,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  minify: !tests,
  sourcemap: tests,
});
await build({
  bundle: true,
  platform: "browser",
  format: "iife",
  target: "es2022",
  entryPoints: ["src/webview/tokenMap.ts"],
  outfile: "dist/tokenMap.js",
  minify: !tests,
  logLevel: "warning",
});
if (tests) {
  rmSync("out", { recursive: true, force: true });
  await build({
    ...node,
    entryPoints: readdirSync("test/unit")
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `test/unit/${name}`),
    outdir: "out/unit",
    sourcemap: "inline",
  });
  await build({
    ...node,
    entryPoints: ["test/host/index.ts"],
    outfile: "out/host/index.js",
    sourcemap: "inline",
  });
}
