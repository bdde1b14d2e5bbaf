/** Several folders in one window: each document has its own folder's settings. */

import assert from "node:assert/strict";
import * as vscode from "vscode";
import { counted, open, type Suite, status } from "./harness";

function both(): readonly [vscode.WorkspaceFolder, vscode.WorkspaceFolder] {
  const [one, two] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(one !== undefined && two !== undefined);
  return [one, two];
}

export const folders: Suite = {
  async "each document is counted with its own folder's settings"() {
    const [one, two] = both();
    const first = await open(vscode.Uri.joinPath(one.uri, "prompts/greeting.prompt.md"));
    assert.equal((await status(first.document, counted("one"))).model, "gpt-4o");
    const second = await open(vscode.Uri.joinPath(two.uri, "prompts/greeting.prompt.md"));
    assert.equal((await status(second.document, counted("two"))).model, "gpt-4");
  },

  async "a folder's setting in the editor is for that folder alone"() {
    const [one, two] = both();
    const first = await open(vscode.Uri.joinPath(one.uri, "prompts/greeting.prompt.md"));
    const second = await open(vscode.Uri.joinPath(two.uri, "prompts/greeting.prompt.md"));
    const settings = vscode.workspace.getConfiguration("weighbridge", two.uri);
    await settings.update(
      "variables",
      { name: "Grace Hopper of the Navy" },
      vscode.ConfigurationTarget.WorkspaceFolder,
    );
    await status(second.document, counted("two of the Navy"));
    await status(first.document, counted("one"));
    await settings.update("variables", undefined, vscode.ConfigurationTarget.WorkspaceFolder);
    await status(second.document, counted("two"));
  },
};
