import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { locate, NoServerError, type Wanted } from "../../src/locate";

const WANTED: Wanted = {
  path: "",
  importStrategy: "useBundled",
  extension: "/ext",
  searchPath: "/usr/bin:/opt/bin",
  windows: false,
};
const BUNDLED = "/ext/server/weighbridge";
const OWN = "/venv/bin/weighbridge";
const ON_PATH = "/opt/bin/weighbridge";

for (const [name, given, there, expected] of [
  ["the bundled one", {}, [BUNDLED, OWN, ON_PATH], { command: BUNDLED, origin: "bundled" }],
  ["none came along: the PATH", {}, [ON_PATH], { command: ON_PATH, origin: "environment" }],
  [
    "the environment's when it is wanted",
    { importStrategy: "fromEnvironment", interpreter: "/venv/bin/python" },
    [BUNDLED, OWN, ON_PATH],
    { command: OWN, origin: "environment" },
  ],
  [
    "the PATH when no environment is known",
    { importStrategy: "fromEnvironment" },
    [BUNDLED, OWN, ON_PATH],
    { command: ON_PATH, origin: "environment" },
  ],
  [
    "wanted from the environment, which has none",
    { importStrategy: "fromEnvironment", interpreter: "/venv/bin/python" },
    [BUNDLED],
    { command: BUNDLED, origin: "bundled" },
  ],
  [
    "the setting wins over all",
    { path: "/mine/weighbridge", importStrategy: "fromEnvironment" },
    [BUNDLED, ON_PATH, "/mine/weighbridge"],
    { command: "/mine/weighbridge", origin: "setting" },
  ],
  [
    "a home folder in the setting",
    { path: "~/bin/weighbridge" },
    [join(homedir(), "bin/weighbridge")],
    { command: join(homedir(), "bin/weighbridge"), origin: "setting" },
  ],
] as const) {
  test(name, async () => {
    const runs = async (path: string) => (there as readonly string[]).includes(path);
    assert.deepEqual(await locate({ ...WANTED, ...(given as Partial<Wanted>) }, runs), expected);
  });
}

test("a setting that names nothing is an error that says so; nothing else is started in its place", async () => {
  await assert.rejects(
    locate({ ...WANTED, path: "/gone" }, async (path) => path === BUNDLED),
    (error) => error instanceof NoServerError && error.path === "/gone",
  );
});

test("no server anywhere", async () => {
  await assert.rejects(
    locate(WANTED, async () => false),
    (error) => error instanceof NoServerError && error.path === undefined,
  );
});

test("the current folder is never looked in, whatever the PATH says", async () => {
  const asked: string[] = [];
  const runs = async (path: string) => {
    asked.push(path);
    return false;
  };
  await assert.rejects(locate({ ...WANTED, searchPath: ":.:/usr/bin:" }, runs));
  assert.deepEqual(asked, [BUNDLED, "/usr/bin/weighbridge"]);
});

test("on disk: what may be run, and what may not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "locate-"));
  const path = join(folder, "weighbridge");
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, 0o644);
  await assert.rejects(locate({ ...WANTED, path }));
  chmodSync(path, 0o755);
  assert.equal((await locate({ ...WANTED, path })).command, path);
});
