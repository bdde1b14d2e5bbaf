// Bundles the extension, the token map's page and that of the server's reports. With --tests: the tests too.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
// Shipped with the server, and so kept in the repository: one drawing, wherever it is looked at.
const page = "../../server/weighbridge/page";
await build({
  bundle: true,
  platform: "browser",
  format: "iife",
  target: "es2022",
  entryPoints: ["src/webview/reportPage.ts"],
  outfile: `${page}/page.js`,
  minify: true,
  logLevel: "warning",
});
const styles = ["media/tokenMap.css", "src/webview/reportPage.css"].map((name) => readFileSync(name, "utf8"));
writeFileSync(`${page}/page.css`, styles.join(""));
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
