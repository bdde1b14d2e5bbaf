/** The token map's page: draws what it is sent, and says which box was chosen. */

import type { MapSaid, MapShown } from "../mapModel";
import { Drawing } from "./drawing";

declare function acquireVsCodeApi(): { postMessage(said: MapSaid): void };

const api = acquireVsCodeApi();
const map = document.getElementById("map") as HTMLElement;
const name = document.getElementById("name") as HTMLElement;
const summary = document.getElementById("summary") as HTMLElement;
const drawing = new Drawing(map, (id) => api.postMessage({ type: "open", id }));

window.addEventListener("message", (event: MessageEvent<MapShown>) => {
  const shown = event.data;
  if (shown?.type === "show") {
    name.textContent = shown.name;
    summary.textContent = shown.counting ? `${shown.summary} …` : shown.summary;
    map.classList.toggle("counting", shown.counting);
    drawing.show(shown.root);
  }
});
api.postMessage({ type: "ready" });
