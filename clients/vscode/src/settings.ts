/**
 * What of the settings the server is sent: what somebody set, and nothing else. Defaults would hide what the workspace's
 * `weighbridge.toml` says.
 */

/** As `vscode.WorkspaceConfiguration.inspect` tells of a setting. */
export interface Inspected {
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}

export type Values = Record<string, unknown>;

/** `keys`: without `weighbridge.`. */
export function explicit(
  keys: readonly string[],
  inspect: (key: string) => Inspected | undefined,
  trusted: boolean,
): Values {
  const values: Values = { trusted };
  for (const key of keys) {
    const found = inspect(key);
    const projects = [found?.workspaceValue, found?.workspaceFolderValue];
    const given = [found?.globalValue, ...projects.map((value) => fromProject(key, value))].filter(
      (value) => value !== undefined && value !== null,
    );
    if (given.length > 0) {
      values[key] = given.every(isObject) ? Object.assign({}, ...given) : given.at(-1);
    }
  }
  return values;
}

/** A project's files may name APIs, but not what is sent to them. */
function fromProject(key: string, value: unknown): unknown {
  if (key !== "apis" || !isObject(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, api]) => {
      if (!isObject(api)) {
        return [name, api];
      }
      const { headers: _, ...rest } = api;
      return [name, rest];
    }),
  );
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
