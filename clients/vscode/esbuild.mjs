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
const shipped = await build({
  bundle: true,
  platform: "browser",
  format: "iife",
  target: "es2022",
  entryPoints: ["src/webview/reportPage.ts"],
  write: false,
  minify: true,
  logLevel: "warning",
});
const styles = ["media/tokenMap.css", "src/webview/reportPage.css"].map((name) => readFileSync(name, "utf8"));
for (const [name, text] of [
  ["page.js", shipped.outputFiles[0].text],
  ["page.css", styles.join("")],
]) {
  const file = `../../server/weighbridge/page/${name}`;
  // Left alone where it is as it was: a server may be reading it.
  if (readFileSync(file, "utf8") !== text) {
    writeFileSync(file, text);
  }
}
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
