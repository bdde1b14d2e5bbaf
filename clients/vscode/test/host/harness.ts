/** What the tests in the extension host have in common. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import type { Api } from "../../src/extension";
import type { Report, Status } from "../../src/report";

/** Tests by name, run in their order. */
export type Suite = Record<string, () => Promise<void>>;

type Nothing = false | 0 | "" | null | undefined;

/** Milliseconds until something is so, on a busy machine. */
const PATIENCE = 30_000;

/** The folder beside which the tests' outside half has written what it expects. */
export function root(): string {
  const place = vscode.workspace.workspaceFile ?? vscode.workspace.workspaceFolders?.[0]?.uri;
  assert.ok(place, "a folder is open");
  return place.fsPath;
}

/** What tiktoken and plain substitution say, outside. */
export interface Expected {
  readonly suite: string;
  readonly extension: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly texts: Readonly<Record<string, string>>;
}

export function expected(): Expected {
  return JSON.parse(readFileSync(join(dirname(root()), "expected.json"), "utf8"));
}

export function counted(name: string): number {
  const found = expected().counts[name];
  assert.ok(found !== undefined, `nothing is expected of ${name}`);
  return found;
}

/** Look again and again until it is so. */
export async function until<T>(what: string, look: () => T | Promise<T>): Promise<Exclude<T, Nothing>> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    let seen: unknown;
    try {
      const found = await look();
      if (found) {
        return found as Exclude<T, Nothing>;
      }
      seen = found;
    } catch (error) {
      seen = error;
    }
    if (Date.now() > end) {
      throw new Error(
        `never so: ${what}; last: ${seen instanceof Error ? seen.message : JSON.stringify(seen)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export async function api(): Promise<Api> {
  const extension = vscode.extensions.getExtension<Api>("weighbridge.weighbridge");
  assert.ok(extension, "the extension is there");
  return extension.activate();
}

export async function running(): Promise<Api> {
  const found = await api();
  await until("the server runs", () => found.life() === "running");
  return found;
}

export function file(name: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder);
  return vscode.Uri.joinPath(folder.uri, name);
}

export async function open(where: string | vscode.Uri | vscode.TextDocument): Promise<vscode.TextEditor> {
  const document =
    typeof where === "string"
      ? await vscode.workspace.openTextDocument(file(where))
      : where instanceof vscode.Uri
        ? await vscode.workspace.openTextDocument(where)
        : where;
  return vscode.window.showTextDocument(document, { preview: false, viewColumn: vscode.ViewColumn.One });
}

export async function status(document: vscode.TextDocument, tokens: number): Promise<Status> {
  const found = await running();
  return until(`${document.uri.path} has ${tokens} tokens`, () => {
    const seen = found.status(document);
    if (seen?.state === "ready" && seen.tokens === tokens) {
      return seen;
    }
    throw new Error(`status ${JSON.stringify(seen)}`);
  });
}

export async function reported(document: vscode.TextDocument): Promise<Report> {
  const found = await running();
  const report = await found.report(document);
  assert.ok(report, `a report of ${document.uri}`);
  return report;
}

/** What the status bar says, once it says all of that. */
export async function bar(...parts: string[]): Promise<string> {
  const found = await api();
  return until(`the status bar says ${parts.join(", ")}`, () => {
    const { visible, text } = found.statusBar();
    if (visible && parts.every((part) => text.includes(part))) {
      return text;
    }
    throw new Error(visible ? text : "(hidden)");
  });
}

export async function set(
  name: string,
  value: unknown,
  target = vscode.ConfigurationTarget.Workspace,
): Promise<void> {
  await vscode.workspace.getConfiguration("weighbridge").update(name, value, target);
}

export async function type(editor: vscode.TextEditor, text: string): Promise<void> {
  const last = editor.document.lineAt(editor.document.lineCount - 1).range.end;
  assert.ok(await editor.edit((edit) => edit.insert(last, text)));
}
