/** What the extension's manifest says of the settings: one place names them. */

import manifest from "../package.json";

const PREFIX = "weighbridge.";

/** The server's settings, without `weighbridge.`: the block of the manifest that is made from its schema. */
export const SERVER_SETTINGS: readonly string[] = manifest.contributes.configuration
  .filter((block) => block.id === "server")
  .flatMap((block) => Object.keys(block.properties))
  .map((key) => key.slice(PREFIX.length));
