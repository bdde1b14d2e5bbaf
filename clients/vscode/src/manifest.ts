/** What the extension's manifest says of the settings: one place names them. */

import manifest from "../package.json";

const PREFIX = "weighbridge.";
/** The client's own, which the server knows nothing of. */
const CLIENT = new Set(["server.path", "server.importStrategy", "statusBar", "trace.server"]);

/** The server's settings, without `weighbridge.`. */
export const SERVER_SETTINGS: readonly string[] = manifest.contributes.configuration
  .flatMap((block) => Object.keys(block.properties))
  .map((key) => key.slice(PREFIX.length))
  .filter((key) => !CLIENT.has(key));
