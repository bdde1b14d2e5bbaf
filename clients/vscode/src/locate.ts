/** Which server is started: the one that a setting names, the environment's own, or the one that came along. */

import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

export type ImportStrategy = "useBundled" | "fromEnvironment";

export interface Wanted {
  /** The setting `weighbridge.server.path`: empty if nobody set it. */
  readonly path: string;
  readonly importStrategy: ImportStrategy;
  /** The extension's own folder. */
  readonly extension: string;
  /** The Python interpreter that the user chose, where one is known. */
  readonly interpreter?: string | undefined;
  /** The environment variable `PATH`. */
  readonly searchPath: string;
  readonly windows: boolean;
}

export interface Located {
  readonly command: string;
  readonly origin: "setting" | "environment" | "bundled";
}

/** There is no server to start; `path`: what the setting says, if that is why. */
export class NoServerError extends Error {
  constructor(readonly path?: string) {
    super(path ?? "no server");
  }
}

export async function locate(
  wanted: Wanted,
  runs: (path: string) => Promise<boolean> = executable,
): Promise<Located> {
  const name = wanted.windows ? "weighbridge.exe" : "weighbridge";
  if (wanted.path !== "") {
    const command = wanted.path.replace(/^~(?=[/\\]|$)/, homedir());
    if (!(await runs(command))) {
      throw new NoServerError(wanted.path);
    }
    return { command, origin: "setting" };
  }
  const bundled = join(wanted.extension, "server", name);
  const environment = [
    ...(wanted.interpreter === undefined ? [] : [dirname(wanted.interpreter)]),
    // An empty part of it means the current folder, which may be anybody's.
    ...wanted.searchPath
      .split(wanted.windows ? ";" : delimiter)
      .filter((folder) => folder !== "" && folder !== "."),
  ].map((folder): Located => ({ command: join(folder, name), origin: "environment" }));
  const own: Located = { command: bundled, origin: "bundled" };
  const order = wanted.importStrategy === "fromEnvironment" ? [...environment, own] : [own, ...environment];
  for (const one of order) {
    if (await runs(one.command)) {
      return one;
    }
  }
  throw new NoServerError();
}

async function executable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
