/** Ranges and documents of reports as VS Code has them. */

import * as vscode from "vscode";
import type { Position, Range } from "./report";

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
