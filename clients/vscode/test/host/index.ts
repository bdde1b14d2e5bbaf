/** Runs one suite inside VS Code's extension host, and writes what came of it where the outside half reads it. */

import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import { folders } from "./folders";
import { expected, root, type Suite } from "./harness";
import { trusted } from "./trusted";
import { untrusted } from "./untrusted";

const SUITES: Readonly<Record<string, Suite>> = { trusted, untrusted, folders };

/** Milliseconds for a workspace's file to be read. */
const READ = 10_000;

export async function run(): Promise<void> {
  const end = Date.now() + READ;
  while ((vscode.workspace.workspaceFolders ?? []).length === 0) {
    if (Date.now() > end) {
      // In a browser VS Code sometimes asks for the workspace's file before it can be read, and never again: the outside
      // half opens another window.
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const results: { name: string; milliseconds: number; error: string | null }[] = [];
  const suite = SUITES[expected().suite] ?? {};
  for (const [name, test] of Object.entries(suite)) {
    const start = Date.now();
    let error: string | null = null;
    try {
      await test();
    } catch (thrown) {
      error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    }
    results.push({ name, milliseconds: Date.now() - start, error });
    writeFileSync(join(dirname(root()), "results.json"), JSON.stringify(results, undefined, 2));
    await tidyUp();
  }
}

/** No editor stays open, and none asks whether to save. */
async function tidyUp(): Promise<void> {
  for (const document of vscode.workspace.textDocuments.filter((one) => one.isDirty)) {
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  }
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
}
