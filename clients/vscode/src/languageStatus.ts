/** The language status item (`{}` in the status bar): tokenizer and exactness, and how the server is. */

import * as vscode from "vscode";
import type { Documents } from "./documents";
import { activeDocument } from "./places";
import type { Health, Server } from "./server";

export class LanguageStatus implements vscode.Disposable {
  private readonly item: vscode.LanguageStatusItem;
  private readonly disposables: vscode.Disposable[];
  private health: Health | undefined;

  constructor(
    private readonly server: Server,
    private readonly documents: Documents,
  ) {
    this.item = vscode.languages.createLanguageStatusItem("weighbridge.tokenizer", server.documents);
    this.item.name = "Weighbridge";
    this.disposables = [
      this.item,
      documents.onDidChange(() => this.draw()),
      server.onDidChangeLife(() => this.draw()),
      server.onHealth((health) => {
        this.health = health;
        this.draw();
      }),
      vscode.window.onDidChangeActiveTextEditor(() => this.draw()),
    ];
    this.draw();
  }

  dispose(): void {
    for (const one of this.disposables) {
      one.dispose();
    }
  }

  private draw(): void {
    const { item, health, server } = this;
    const document = activeDocument();
    const status = document === undefined ? undefined : this.documents.status(document);
    item.busy = server.life === "starting" || status?.state === "counting" || health?.quiescent === false;
    item.severity = vscode.LanguageStatusSeverity.Information;
    item.command = { command: "weighbridge.chooseModel", title: vscode.l10n.t("Change Model…") };
    if (server.life === "failed") {
      item.severity = vscode.LanguageStatusSeverity.Error;
      item.text = vscode.l10n.t("The server isn't running");
      item.detail = "Weighbridge";
      item.command = { command: "weighbridge.restartServer", title: vscode.l10n.t("Restart") };
      return;
    }
    if (document !== undefined && server.life === "running" && this.documents.isSilent(document)) {
      item.text = vscode.l10n.t("Not a prompt");
      item.detail = vscode.l10n.t("Weighbridge shows no counts here");
      item.command = {
        command: "weighbridge.countDocument",
        title: vscode.l10n.t("Count This Document"),
      };
      return;
    }
    item.text = status === undefined ? "Weighbridge" : (status.model ?? status.encoding);
    item.detail =
      status === undefined ? "" : `${status.model === null ? "" : `${status.encoding}, `}${status.exactness}`;
    if (server.life === "running" && health !== undefined && health.health !== "ok") {
      item.severity =
        health.health === "error"
          ? vscode.LanguageStatusSeverity.Error
          : vscode.LanguageStatusSeverity.Warning;
      item.detail = health.message ?? item.detail;
      item.command = { command: "weighbridge.showLog", title: vscode.l10n.t("Show Log") };
    }
  }
}
