/** What the user can do: the menu of the status bar, the choice of a model, copying the resolved prompt. */

import * as vscode from "vscode";
import type { Documents } from "./documents";
import type { Preview } from "./preview";
import type { Model } from "./report";
import type { Server } from "./server";
import { number, share, tokens } from "./wording";

interface Action extends vscode.QuickPickItem {
  readonly command?: string;
}

export async function showMenu(documents: Documents): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  const status = document === undefined ? undefined : documents.status(document);
  const action = (icon: string, label: string, command: string, description = ""): Action => ({
    label: `$(${icon}) ${label}`,
    description,
    command: `weighbridge.${command}`,
  });
  const separator: Action = { label: "", kind: vscode.QuickPickItemKind.Separator };
  const model = status === undefined ? "" : (status.model ?? status.encoding);
  const actions = [
    action("sparkle", vscode.l10n.t("Change Model"), "chooseModel", model),
    separator,
    action("list-tree", vscode.l10n.t("Show Report"), "showReport"),
    action("graph", vscode.l10n.t("Show Token Map"), "showMap"),
    action("open-preview", vscode.l10n.t("Open Resolved Prompt"), "openPreview"),
    action("copy", vscode.l10n.t("Copy Resolved Prompt"), "copyResolved"),
    action("symbol-color", vscode.l10n.t("Colour Tokens, or No Longer"), "toggleTokens"),
    separator,
    action("refresh", vscode.l10n.t("Refresh References"), "refreshDocument"),
    action("debug-restart", vscode.l10n.t("Restart Server"), "restartServer"),
    action("output", vscode.l10n.t("Show Log"), "showLog"),
  ];
  const title =
    status === undefined
      ? "Weighbridge"
      : `Weighbridge: ${tokens(status.tokens)}, ${share(status.budget.used)} of ${number(status.budget.limit)}`;
  const chosen = await vscode.window.showQuickPick(actions, { title, matchOnDescription: true });
  if (chosen?.command !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}

interface ModelItem extends vscode.QuickPickItem {
  /** None: the setting goes. */
  readonly model?: string | null;
}

export async function chooseModel(server: Server): Promise<void> {
  const known = await server.command<{ models: readonly Model[] }>("models");
  const resource = vscode.window.activeTextEditor?.document.uri;
  const settings = vscode.workspace.getConfiguration("weighbridge", resource);
  const current = settings.get<string | null>("model", null);
  const none: ModelItem = {
    label: vscode.l10n.t("No Model"),
    description: vscode.l10n.t("count by the setting weighbridge.encoding, or as the workspace says"),
    model: null,
    picked: current === null,
  };
  const items = (known?.models ?? []).map((one): ModelItem => {
    const price = one.input_usd_per_million === null ? "" : ` · $${one.input_usd_per_million} / 1M`;
    return {
      label: one.name,
      description: `${one.name === current ? "$(check) " : ""}${number(one.context_window)} · ${one.encoding}${price}`,
      model: one.name,
    };
  });
  const chosen = await vscode.window.showQuickPick([none, ...items], {
    title: vscode.l10n.t("Weighbridge: Model"),
    placeHolder: vscode.l10n.t("Picks tokenizer, budget and price"),
    matchOnDescription: true,
  });
  if (chosen?.model === undefined) {
    return;
  }
  const target = await chooseTarget();
  if (target !== undefined) {
    await settings.update("model", chosen.model ?? undefined, target);
  }
}

async function chooseTarget(): Promise<vscode.ConfigurationTarget | undefined> {
  if (vscode.workspace.workspaceFolders === undefined) {
    return vscode.ConfigurationTarget.Global;
  }
  const chosen = await vscode.window.showQuickPick(
    [
      {
        label: vscode.l10n.t("For This Workspace"),
        target: vscode.ConfigurationTarget.Workspace,
      },
      { label: vscode.l10n.t("For Me, Everywhere"), target: vscode.ConfigurationTarget.Global },
    ],
    { title: vscode.l10n.t("Weighbridge: Model") },
  );
  return chosen?.target;
}

export async function copyResolved(preview: Preview, document: vscode.TextDocument): Promise<void> {
  const text = await preview.text(document);
  if (text === undefined) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t("Weighbridge: this document can't be resolved now. The log says why."),
    );
    return;
  }
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(vscode.l10n.t("Weighbridge: resolved prompt copied"), 3000);
}
