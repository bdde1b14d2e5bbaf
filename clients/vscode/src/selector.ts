/** Which documents the server is told of. */

/** What both VS Code and the language client take for a filter. */
export type Filter =
  | { readonly scheme: string; readonly language: string }
  | { readonly scheme: string; readonly pattern: string };

/** What people write prompts in; the last ones are VS Code's own names for prompt files. */
const LANGUAGES = [
  "markdown",
  "plaintext",
  "mdx",
  "prompt",
  "instructions",
  "chatagent",
  "chatmode",
  "skill",
] as const;
/** On disk or remote, not saved yet, cells of notebooks, and folders that exist nowhere but in the editor. */
const SCHEMES = ["file", "untitled", "vscode-notebook-cell", "vscode-vfs", "memfs"] as const;
/** Prompt and context files that no language claims, and the server's own settings. */
const FILES =
  "**/{.cursorrules,.windsurfrules,.clinerules,.rules,.goosehints,*.mdc,*.prompt,weighbridge.toml}";

/** `include`: globs that the user added in the setting of that name. */
export function selector(include: readonly string[]): Filter[] {
  return [
    ...SCHEMES.flatMap((scheme) => LANGUAGES.map((language) => ({ scheme, language }))),
    ...[FILES, ...include].map((pattern) => ({ scheme: "file", pattern })),
  ];
}
