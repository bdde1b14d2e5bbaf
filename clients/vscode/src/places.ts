/** Ranges and documents of reports as VS Code has them, and the document in front of the user. */

import * as vscode from "vscode";
import type { Position, Range } from "./report";

/** Of the server's own texts: resolved prompts, and what agents load. */
export const TEXTS = "weighbridge";
/** Where the paths of resolved prompts begin. */
export const RESOLVED = "/resolved/";

/** The name of a document's resolved prompt, as the server reads it. */
export function resolvedOf(source: vscode.Uri): vscode.Uri {
  const name = source.path.split("/").at(-1) ?? source.path;
  return vscode.Uri.from({
    scheme: TEXTS,
    path: `${RESOLVED}${name} (resolved)`,
    query: source.toString(),
  });
}

/** The document in front of the user; of a resolved prompt, the one that it was made from. */
export function activeDocument(): vscode.TextDocument | undefined {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.uri.scheme !== TEXTS) {
    return document;
  }
  const source = document.uri.query;
  return vscode.workspace.textDocuments.find((one) => one.uri.toString() === source);
}

export function toRange(range: Range): vscode.Range {
  const at = (place: Position) => new vscode.Position(place.line, place.character);
  return new vscode.Range(at(range.start), at(range.end));
}

/** Show a place in a file to the user, in an editor that shows it already if there is one. */
export async function reveal(uri: string, range: Range | undefined): Promise<void> {
  const resource = vscode.Uri.parse(uri, true);
  const open = vscode.window.visibleTextEditors.find(
    (one) => one.document.uri.toString() === resource.toString(),
  );
  const document = open?.document ?? (await vscode.workspace.openTextDocument(resource));
  const editor = await vscode.window.showTextDocument(document, {
    preview: open === undefined,
    ...(open?.viewColumn === undefined ? {} : { viewColumn: open.viewColumn }),
  });
  if (range !== undefined) {
    const place = toRange(range);
    editor.selection = new vscode.Selection(place.start, place.start);
    editor.revealRange(place, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  }
}
