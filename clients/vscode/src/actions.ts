/** What the user can do: the menu of the status bar, the choice of a model, copying the resolved prompt. */

import * as vscode from "vscode";
import { agentRows, fileRows, type Row, startFolders } from "./agentContexts";
import type { Documents } from "./documents";
import { byFamily, modelText } from "./models";
import { activeDocument, resolvedOf, reveal } from "./places";
import type { Preview } from "./preview";
import type { AgentContext, Model } from "./report";
import type { Server } from "./server";
import { number } from "./wording";

interface Action extends vscode.QuickPickItem {
  readonly command?: string;
}

export async function showMenu(server: Server, documents: Documents): Promise<void> {
  const document = activeDocument();
  const status = document === undefined ? undefined : documents.status(document);
  const action = (icon: string, label: string, command: string, description = ""): Action => ({
    label: `$(${icon}) ${label}`,
    description,
    command: `weighbridge.${command}`,
  });
  const separator: Action = { label: "", kind: vscode.QuickPickItemKind.Separator };
  const model = status === undefined ? "" : (status.model ?? status.encoding);
  const ofServer = [
    action("debug-restart", vscode.l10n.t("Restart Server"), "restartServer"),
    action("output", vscode.l10n.t("Show Log"), "showLog"),
  ];
  const ofDocument = [
    action("sparkle", vscode.l10n.t("Change Model…"), "chooseModel", model),
    separator,
    action("list-tree", vscode.l10n.t("Show Context"), "showContext"),
    action("robot", vscode.l10n.t("What Agents Load…"), "showAgents"),
    action("graph", vscode.l10n.t("Show Token Map"), "showMap"),
    action("references", vscode.l10n.t("Open Resolved Prompt to the Side"), "openPreview"),
    action("copy", vscode.l10n.t("Copy Resolved Prompt"), "copyResolved"),
    action("symbol-color", vscode.l10n.t("Toggle Token Colors"), "toggleTokens"),
    separator,
    action("refresh", vscode.l10n.t("Refresh References"), "refreshDocument"),
    action("checklist", vscode.l10n.t("Check Workspace"), "checkWorkspaceFiles"),
  ];
  // Of a server that doesn't run nothing else can be had.
  const actions = server.life === "running" ? [...ofDocument, separator, ...ofServer] : ofServer;
  const title = status === undefined ? "Weighbridge" : `Weighbridge: ${status.text}`;
  const chosen = await vscode.window.showQuickPick(actions, { title, matchOnDescription: true });
  if (chosen?.command !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}

/** What agents load when they are started in a folder of the user's choice: which agent, then which of its files. */
export async function showAgents(server: Server): Promise<void> {
  const document = activeDocument();
  const workspace =
    (document === undefined ? undefined : vscode.workspace.getWorkspaceFolder(document.uri)) ??
    vscode.workspace.workspaceFolders?.[0];
  if (workspace === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t("Weighbridge: Open a folder to see what agents load in it."),
    );
    return;
  }
  const folder = await chooseFolder(workspace, document?.uri);
  if (folder === undefined) {
    return;
  }
  const contexts = (uri: vscode.Uri) =>
    server.ask<{ contexts: readonly AgentContext[] }>("weighbridge/context", { folder: server.uriOf(uri) });
  const isBelow = folder.toString() !== workspace.uri.toString();
  const [here, above] = await Promise.all([
    contexts(folder),
    isBelow ? contexts(workspace.uri) : Promise.resolve(undefined),
  ]);
  if (here === undefined) {
    return;
  }
  const place = vscode.workspace.asRelativePath(folder, true);
  const context = await pickRow(
    agentRows(here.contexts, above?.contexts, workspace.uri.path),
    vscode.l10n.t("Weighbridge: What Agents Load in {0}", place),
  );
  if (context === undefined) {
    return;
  }
  const file = await pickRow(
    fileRows(context, workspace.uri.path),
    vscode.l10n.t("Weighbridge: {0} in {1}", context.title, place),
  );
  if (file !== undefined) {
    const start = { line: file.line, character: 0 };
    await reveal(workspace.uri.with({ path: vscode.Uri.file(file.path).path }).toString(), {
      start,
      end: start,
    });
  }
}

/** The folder that agents are started in: the workspace's, or one on the way down to the document. */
async function chooseFolder(
  workspace: vscode.WorkspaceFolder,
  document: vscode.Uri | undefined,
): Promise<vscode.Uri | undefined> {
  const folders = startFolders(workspace.uri.path, document?.path).map((path) =>
    workspace.uri.with({ path }),
  );
  if (folders.length === 1) {
    return workspace.uri;
  }
  const items = folders.map((uri) => ({ label: vscode.workspace.asRelativePath(uri, true), uri }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t("Weighbridge: Agents Are Started In"),
  });
  return chosen?.uri;
}

async function pickRow<T>(rows: readonly Row<T>[], title: string): Promise<T | undefined> {
  if (rows.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Weighbridge: No agent loads any file there."));
    return undefined;
  }
  const chosen = await vscode.window.showQuickPick(rows, {
    title,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return chosen?.of;
}

interface ModelItem extends vscode.QuickPickItem {
  /** None: the setting goes. */
  readonly model?: string | null;
}

export async function chooseModel(server: Server, documents: Documents): Promise<void> {
  const known = await server.command<{ models: readonly Model[] }>("models");
  const document = activeDocument();
  const settings = vscode.workspace.getConfiguration("weighbridge", document?.uri);
  // What counts may be said by the workspace's file, or by the document itself.
  const status = document === undefined ? undefined : documents.status(document);
  const current = (status === undefined ? settings.get<string>("model") : status.model) || null;
  const chosen = await pickModel(known?.models ?? [], current);
  if (chosen === undefined) {
    return;
  }
  const target = await chooseTarget();
  if (target !== undefined) {
    await settings.update("model", chosen ?? undefined, target);
  }
}

/** The chosen model; null: none; nothing if the user left. */
function pickModel(models: readonly Model[], current: string | null): Promise<string | null | undefined> {
  const check = (name: string | null) => (name === current ? "$(check) " : "");
  const none: ModelItem = {
    label: `${check(null)}${vscode.l10n.t("No Model")}`,
    description: vscode.l10n.t("count by the setting weighbridge.encoding, or as the workspace says"),
    model: null,
  };
  const items: ModelItem[] = [none];
  for (const [family, members] of byFamily(models)) {
    items.push({ label: family, kind: vscode.QuickPickItemKind.Separator });
    for (const one of members) {
      const label = `${check(one.name)}${one.name}`;
      items.push({ label, description: modelText(one), model: one.name });
    }
  }
  const pick = vscode.window.createQuickPick<ModelItem>();
  pick.title = vscode.l10n.t("Weighbridge: Model");
  pick.placeholder = vscode.l10n.t("Decides tokenizer, budget and price");
  pick.matchOnDescription = true;
  pick.items = items;
  pick.activeItems = items.filter((one) => one.model === current);
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      resolve(pick.selectedItems[0]?.model);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
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

/** Diagnose every prompt of the workspace from now on, and say what was found. */
export async function checkWorkspace(server: Server): Promise<void> {
  const found = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Weighbridge: Checking the workspace") },
    () => server.command<{ documents: number; findings: number }>("checkWorkspace"),
  );
  if (found === undefined) {
    return;
  }
  const documents =
    found.documents === 1 ? vscode.l10n.t("1 prompt") : vscode.l10n.t("{0} prompts", number(found.documents));
  const findings =
    found.findings === 1 ? vscode.l10n.t("1 problem") : vscode.l10n.t("{0} problems", number(found.findings));
  if (found.findings > 0) {
    await vscode.commands.executeCommand("workbench.panel.markers.view.focus");
  }
  vscode.window.setStatusBarMessage(vscode.l10n.t("Weighbridge: {0} in {1}", findings, documents), 10_000);
}

export async function copyResolved(preview: Preview, document: vscode.TextDocument): Promise<void> {
  const text = await preview.text(resolvedOf(document.uri));
  if (text === undefined) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t("Weighbridge: This document can't be resolved now. The log says why."),
    );
    return;
  }
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(vscode.l10n.t("Weighbridge: Resolved prompt copied"), 3000);
}

/** Let APIs of a host be fetched, wherever they are referred to: in the user's settings, never the workspace's. */
export async function allowHost(host: string): Promise<void> {
  const settings = vscode.workspace.getConfiguration("weighbridge");
  const allowed = settings.inspect<string[]>("apiAllow")?.globalValue ?? [];
  if (!allowed.includes(host)) {
    await settings.update("apiAllow", [...allowed, host], vscode.ConfigurationTarget.Global);
  }
}
