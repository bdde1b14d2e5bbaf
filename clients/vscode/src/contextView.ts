/** The Context view: what the active document is made of, as a tree with what everything weighs. */

import * as vscode from "vscode";
import { contextTree, type Node, type Order, shortName } from "./contextTree";
import { reveal } from "./places";
import type { State } from "./report";
import type { Watched } from "./watched";
import { escaped, mark, number, reportText, share, tokens } from "./wording";

const KINDS: Record<Node["kind"], string> = {
  section: "symbol-string",
  agent: "hubot",
  file: "file",
  api: "cloud",
  variable: "symbol-variable",
};
const STATES: Record<Exclude<State, "resolved">, vscode.ThemeIcon> = {
  pending: new vscode.ThemeIcon("loading~spin"),
  stale: new vscode.ThemeIcon("history", new vscode.ThemeColor("list.warningForeground")),
  failed: new vscode.ThemeIcon("error", new vscode.ThemeColor("list.errorForeground")),
};
const ORDER = "weighbridge.context.order";

export class ContextView implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly view: vscode.TreeView<Node>;
  private readonly change$ = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.change$.event;
  private readonly disposables: vscode.Disposable[];
  private order: Order;

  constructor(
    private readonly watched: Watched,
    private readonly memento: vscode.Memento,
  ) {
    this.order = memento.get<Order>(ORDER, "place");
    void vscode.commands.executeCommand("setContext", "weighbridge.sort", this.order);
    this.view = vscode.window.createTreeView("weighbridge.context", {
      treeDataProvider: this,
      showCollapseAll: true,
    });
    this.disposables = [
      this.view,
      this.change$,
      watched.seenBy(() => this.view.visible),
      watched.onDidChange(() => this.draw()),
      this.view.onDidChangeVisibility(() => void watched.refresh()),
      vscode.commands.registerCommand("weighbridge.context.sortBySize", () => this.sort("size")),
      vscode.commands.registerCommand("weighbridge.context.sortByPlace", () => this.sort("place")),
      vscode.commands.registerCommand("weighbridge.context.open", (node: Node) =>
        node.target === null ? reveal(node.within, node.range) : reveal(node.target, undefined),
      ),
      vscode.commands.registerCommand("weighbridge.context.reveal", (within: string, range: Node["range"]) =>
        reveal(within, range),
      ),
      vscode.commands.registerCommand("weighbridge.context.copy", (node: Node) =>
        vscode.env.clipboard.writeText(`${node.label}\t${node.tokens ?? ""}`),
      ),
      vscode.commands.registerCommand("weighbridge.context.copyReport", () => this.copyReport()),
    ];
  }

  dispose(): void {
    for (const one of this.disposables) {
      one.dispose();
    }
  }

  /** Bring the view before the user. */
  async show(): Promise<void> {
    await vscode.commands.executeCommand("weighbridge.context.focus");
    await this.watched.refresh();
  }

  getChildren(node?: Node): Node[] {
    const { report } = this.watched;
    return [
      ...(node?.children ??
        (report === undefined ? [] : contextTree(report, this.order, this.watched.loaded))),
    ];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const { name, rest } = shortName(node);
    const title = name === "" ? vscode.l10n.t("(no title)") : name;
    // Numbers first: what is too wide is cut off at the right.
    const item = new vscode.TreeItem(
      node.tokens === null ? title : `${mark(node.exactness)}${number(node.tokens)}  ${title}`,
      node.children.length === 0
        ? vscode.TreeItemCollapsibleState.None
        : vscode.TreeItemCollapsibleState.Expanded,
    );
    item.id = `${this.watched.report?.uri} ${node.id}`;
    item.description = [node.share === null ? "" : share(node.share), ...rest]
      .filter((part) => part !== "")
      .join(" · ");
    item.iconPath = node.state === "resolved" ? new vscode.ThemeIcon(KINDS[node.kind]) : STATES[node.state];
    item.contextValue = node.target === null ? node.kind : `${node.kind} target`;
    item.tooltip = tooltip(node);
    item.accessibilityInformation = { label: `${node.kind} ${node.label}, ${weightOf(node)}` };
    item.command = {
      command: "weighbridge.context.reveal",
      title: vscode.l10n.t("Show in Text"),
      arguments: [node.within, node.range],
    };
    return item;
  }

  private draw(): void {
    const { report, document } = this.watched;
    this.view.message =
      report === undefined || document === undefined
        ? undefined
        : vscode.l10n.t(
            "{0} of {1} ({2})",
            `${mark(report.exactness)}${tokens(report.tokens)}`,
            number(report.budget.limit),
            share(report.budget.used),
          );
    this.view.description =
      document === undefined ? undefined : vscode.workspace.asRelativePath(document.uri);
    this.change$.fire();
  }

  private async sort(order: Order): Promise<void> {
    this.order = order;
    await vscode.commands.executeCommand("setContext", "weighbridge.sort", order);
    await this.memento.update(ORDER, order);
    this.change$.fire();
  }

  private async copyReport(): Promise<void> {
    const { document } = this.watched;
    await this.watched.refresh();
    const { report } = this.watched;
    if (document !== undefined && report !== undefined) {
      await vscode.env.clipboard.writeText(reportText(report, vscode.workspace.asRelativePath(document.uri)));
      vscode.window.setStatusBarMessage(vscode.l10n.t("Weighbridge: Context copied"), 3000);
    }
  }
}

function weightOf(node: Node): string {
  return node.tokens === null ? node.state : `${mark(node.exactness)}${tokens(node.tokens)}`;
}

function tooltip(node: Node): vscode.MarkdownString {
  const text = new vscode.MarkdownString(undefined, true);
  text.appendMarkdown(`**${escaped(node.label)}**\n\n`);
  const part = node.share === null ? "" : vscode.l10n.t(", {0} of the document", share(node.share));
  text.appendMarkdown(`${node.kind}, ${weightOf(node)}${part}\n\n`);
  if (node.reason !== null) {
    text.appendMarkdown(escaped(node.reason));
  }
  return text;
}
