/** Boxes in boxes by weight, drawn into an element: VS Code's token map and the report's page. Names are text, never markup. */

import type { MapNode } from "../mapModel";
import { type Box, type Fitting, fitting, squarify } from "../treemap";
import { mark, number, share, tokens } from "../wording";

const HEADER = 20;
const GAP = 2;
/** Pixels below which a box has no text, or isn't drawn. */
const LEAST_LABELED = 16;
const LEAST_DRAWN = 4;
/** Pixels of a box's edges and padding, left and right, and between its name and its number. */
const AROUND = 12;
const BETWEEN = 7;

const measured = document.createElement("canvas").getContext("2d") as CanvasRenderingContext2D;

/** A map in an element, drawn anew when the element's size changes. One box at a time is in the tab order. */
export class Drawing {
  private root: MapNode | undefined;
  private focused = "/";

  /** `chosen` is told the id of a box that was clicked, or chosen by a key. */
  constructor(
    private readonly map: HTMLElement,
    private readonly chosen: (id: string) => void,
  ) {
    new ResizeObserver(() => this.draw()).observe(map);
    map.addEventListener("keydown", (event) => this.move(event));
  }

  show(root: MapNode): void {
    this.root = root;
    this.draw();
  }

  private draw(): void {
    if (this.root === undefined) {
      return;
    }
    const hadFocus = this.map.contains(document.activeElement);
    this.map.replaceChildren();
    this.drawChildren(
      this.root,
      { x: 0, y: 0, width: this.map.clientWidth, height: this.map.clientHeight },
      1,
    );
    const boxes = this.boxes();
    const last = boxes.find((one) => one.dataset.id === this.focused) ?? boxes[0];
    if (last !== undefined) {
      last.tabIndex = 0;
      if (hadFocus) {
        last.focus();
      }
    }
  }

  private drawChildren(node: MapNode, box: Box, level: number): void {
    const boxes = squarify(
      node.children.map((child) => child.tokens),
      box,
    );
    node.children.forEach((child, index) => {
      const own = boxes[index];
      if (own === undefined || own.width < LEAST_DRAWN || own.height < LEAST_DRAWN) {
        return;
      }
      const drawn = { x: own.x, y: own.y, width: own.width - GAP, height: own.height - GAP };
      this.drawBox(child, drawn, level);
      const inner = {
        x: drawn.x + GAP,
        y: drawn.y + HEADER,
        width: drawn.width - 2 * GAP,
        height: drawn.height - HEADER - GAP,
      };
      if (child.children.length > 0 && inner.width > 2 * LEAST_DRAWN && inner.height > 2 * LEAST_DRAWN) {
        this.drawChildren(child, inner, level + 1);
      }
    });
  }

  private drawBox(node: MapNode, box: Box, level: number): void {
    const button = document.createElement("button");
    const weight = `${mark(node.exactness)}${tokens(node.tokens)}`;
    const total = this.root?.tokens ?? 0;
    const part = total > 0 ? `, ${share(node.tokens / total)}` : "";
    button.type = "button";
    button.tabIndex = -1;
    button.dataset.id = node.id;
    button.className = `box ${node.kind} ${node.state}`;
    button.setAttribute("role", "treeitem");
    button.setAttribute("aria-level", String(level));
    button.setAttribute("aria-label", `${node.label}: ${weight}${part}`);
    button.title = `${node.label}\n${weight}${part}`;
    button.style.left = `${box.x}px`;
    button.style.top = `${box.y}px`;
    button.style.width = `${Math.max(0, box.width)}px`;
    button.style.height = `${Math.max(0, box.height)}px`;
    if (Math.min(box.width, box.height) < AROUND) {
      // Its padding alone would be wider than it may be.
      button.style.padding = "0";
    }
    const figure = `${mark(node.exactness)}${number(node.tokens)}`;
    const room = box.height < LEAST_LABELED ? "nothing" : fits(node.short, figure, box.width - AROUND);
    if (room === "both") {
      button.append(span("label", node.short), span("tokens", figure));
    } else if (room === "number") {
      button.append(span("tokens", figure));
    }
    button.addEventListener("focus", () => {
      this.focused = node.id;
      for (const one of this.boxes()) {
        one.tabIndex = one === button ? 0 : -1;
      }
    });
    if (node.id !== "") {
      button.addEventListener("click", () => this.chosen(node.id));
    }
    this.map.append(button);
  }

  private boxes(): HTMLButtonElement[] {
    return [...this.map.querySelectorAll<HTMLButtonElement>("button.box")];
  }

  /** Arrow keys go to the nearest box on that side; Home and End to the first and the last. Enter and Space choose, as on any button. */
  private move(event: KeyboardEvent): void {
    const boxes = this.boxes();
    const from = document.activeElement;
    if (!(from instanceof HTMLButtonElement) || !boxes.includes(from)) {
      return;
    }
    const to =
      event.key === "Home" ? boxes[0] : event.key === "End" ? boxes.at(-1) : nearest(from, boxes, event.key);
    if (to !== undefined) {
      event.preventDefault();
      to.focus();
    }
  }
}

function span(kind: string, text: string): HTMLSpanElement {
  const found = document.createElement("span");
  found.className = kind;
  found.textContent = text;
  return found;
}

/** What of a box's texts has room in `width` pixels. */
function fits(label: string, number: string, width: number): Fitting {
  const style = getComputedStyle(document.body);
  measured.font = `${style.fontSize} ${style.fontFamily}`;
  return fitting(measured.measureText(label).width, measured.measureText(number).width, BETWEEN, width);
}

function nearest(
  from: HTMLButtonElement,
  boxes: readonly HTMLButtonElement[],
  key: string,
): HTMLButtonElement | undefined {
  const at = center(from);
  let best: HTMLButtonElement | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const one of boxes) {
    const other = center(one);
    const sides: Record<string, readonly [number, number]> = {
      ArrowLeft: [at.x - other.x, at.y - other.y],
      ArrowRight: [other.x - at.x, at.y - other.y],
      ArrowUp: [at.y - other.y, at.x - other.x],
      ArrowDown: [other.y - at.y, at.x - other.x],
    };
    const [along, across] = sides[key] ?? [0, 0];
    const distance = along + 2 * Math.abs(across);
    if (one !== from && along > 1 && distance < least) {
      best = one;
      least = distance;
    }
  }
  return best;
}

/** Of what can be seen of a box's own: its header, if others lie in it. */
function center(box: HTMLButtonElement): { x: number; y: number } {
  const place = box.getBoundingClientRect();
  return { x: place.x + place.width / 2, y: place.y + Math.min(place.height, HEADER) / 2 };
}
