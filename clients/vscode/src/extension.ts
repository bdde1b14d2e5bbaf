/**
 * Weighbridge in VS Code: starts the server and shows what it says where VS Code has a place for it.
 *
 *     server ── weighbridge/status ──▶ Documents ──▶ StatusBar · LanguageStatus
 *        ◀── weighbridge/report ────── Watched ────▶ ContextView · TokenMap
 *        ◀── textDocumentContent ───── Preview
 *
 * Hints, diagnostics, hovers, completion and all else that the protocol knows come by the language client itself.
 */

import * as vscode from "vscode";
import { allowHost, checkWorkspace, chooseModel, copyResolved, showAgents, showMenu } from "./actions";
import type { Node } from "./contextTree";
import { ContextView } from "./contextView";
import { Documents } from "./documents";
import { LanguageStatus } from "./languageStatus";
import { activeDocument } from "./places";
import { Preview } from "./preview";
import type { Report, Status } from "./report";
import { type Life, Server } from "./server";
import { StatusBar } from "./statusBar";
import { TokenMap } from "./tokenMap";
import { Watched } from "./watched";

/** What other extensions may ask of this one. */
export interface Api {
  /** How the server is. */
  life(): Life;
  /** The server's process, while it runs, and where it came from. */
  server(): { readonly pid?: number; readonly command?: string; readonly origin?: string };
  /** What is shown of an open document. */
  status(document: vscode.TextDocument): Status | undefined;
  /** A document's report, once its counts are true. */
  report(document: vscode.TextDocument): Promise<Report | undefined>;
  /** The status bar's item, as it is. */
  statusBar(): {
    readonly visible: boolean;
    readonly text: string;
    readonly tooltip: string;
    readonly background?: string;
  };
  /** What the Context view shows. */
  context(): readonly Node[];
}

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<Api> {
  const log = vscode.window.createOutputChannel("Weighbridge", { log: true });
  const running = new Server(context.extensionUri, log);
  server = running;
  const documents = new Documents(running);
  const watched = new Watched(documents);
  const statusBar = new StatusBar(running, documents, watched);
  const view = new ContextView(watched, context.workspaceState);
  const map = new TokenMap(context.extensionUri, watched);
  const preview = new Preview(running);

  /** For the document in front of the user, or, if that is none that counts, the one the views show. */
  const onDocument = (name: string, run: (document: vscode.TextDocument) => unknown) =>
    vscode.commands.registerCommand(`weighbridge.${name}`, async () => {
      const active = activeDocument();
      const document = active !== undefined && documents.counts(active) ? active : watched.document;
      if (document === undefined) {
        void vscode.window.showInformationMessage(
          vscode.l10n.t("Weighbridge: Open a prompt or another Markdown or text file first."),
        );
        return;
      }
      await run(document);
    });
  const on = (name: string, run: (argument: string) => unknown) =>
    vscode.commands.registerCommand(`weighbridge.${name}`, run);

  context.subscriptions.push(
    log,
    running,
    documents,
    statusBar,
    new LanguageStatus(running, documents),
    watched,
    view,
    map,
    preview,
    on("menu", () => showMenu(running, documents)),
    on("chooseModel", () => chooseModel(running, documents)),
    on("showAgents", () => showAgents(running)),
    on("checkWorkspaceFiles", () => checkWorkspace(running)),
    on("allowHost", allowHost),
    on("restartServer", () => running.restart()),
    on("showLog", () => log.show()),
    onDocument("countDocument", (document) => documents.show(document)),
    onDocument("showContext", async (document) => {
      await documents.show(document);
      await view.show();
    }),
    onDocument("showMap", () => map.show()),
    onDocument("openPreview", (document) => preview.show(document)),
    onDocument("copyResolved", (document) => copyResolved(preview, document)),
    onDocument("refreshDocument", async (document) => {
      await running.command("refresh", documents.uriOf(document));
      await watched.refresh();
    }),
  );
  // The workbench need not wait for the server.
  void running.start();
  return {
    life: () => running.life,
    server: () => ({
      ...(running.pid === undefined ? {} : { pid: running.pid }),
      ...(running.located === undefined ? {} : running.located),
    }),
    status: (document) => documents.status(document),
    report: (document) => documents.trueReport(document),
    statusBar: () => statusBar.shown(),
    context: () => view.getChildren(),
  };
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
