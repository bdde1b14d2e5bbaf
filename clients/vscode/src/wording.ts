/** Numbers as people read them, the same as the server writes them. */

import type { Count, Exactness, Reference, Report, Severity, Status } from "./report";

const CELLS = 5;
/** One for each state of the budget: colors alone are not seen by everybody, nor in every theme. */
const ICONS: Record<Severity, string> = {
  information: "$(info)",
  warning: "$(warning)",
  error: "$(error)",
};

export function number(value: number): string {
  return value.toLocaleString("en-US");
}

export function tokens(value: number): string {
  return `${number(value)} ${value === 1 ? "token" : "tokens"}`;
}

/** A share of 1 as a percentage: less than a tenth of one is said so. */
export function share(value: number): string {
  const percent = value * 100;
  if (percent > 0 && percent < 0.1) {
    return "<0.1%";
  }
  return percent < 10 ? `${percent.toFixed(1).replace(/\.0$/, "")}%` : `${number(Math.round(percent))}%`;
}

export function usd(value: number): string {
  return `$${value < 0.01 ? value.toFixed(4) : value.toFixed(2)}`;
}

/** What stands before a number that isn't exact. */
export function mark(exactness: Exactness): string {
  return exactness === "exact" ? "" : "≈";
}

/** How much of the budget is used, in five cells; all are full only when all of it is. */
export function gauge(used: number): string {
  const full = used >= 1 ? CELLS : Math.min(CELLS - 1, Math.ceil(used * CELLS));
  return "▰".repeat(full) + "▱".repeat(CELLS - full);
}

/** A change in tokens: `+120`, `−3`, `±0`. */
export function change(value: number): string {
  return value === 0 ? "±0" : `${value > 0 ? "+" : "−"}${number(Math.abs(value))}`;
}

/** The status bar's text. `selected`: the count of what is selected. */
export function statusText(status: Status, selected?: Count): string {
  const { severity, used } = status.budget;
  const counting = status.state === "counting";
  const icon = counting ? "$(loading~spin)" : severity === null ? "$(law)" : ICONS[severity];
  const words = [icon, ...(used === null ? [] : [gauge(used)]), status.text];
  return `${words.join(" ")}${selectedText(selected)}`;
}

/** The status bar's text of a file that is no prompt: what it has as it is. */
export function plainText(count: Count, selected?: Count): string {
  return `$(law) ${count.text}${selectedText(selected)}`;
}

function selectedText(selected: Count | undefined): string {
  return selected === undefined ? "" : ` (${selected.text} selected)`;
}

/** Text as it is, wherever Markdown is read. */
export function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>&~]/g, "\\$&").replace(/[\r\n]+/g, " ");
}

/** A report as Markdown, for other people: totals, sections and references with what they weigh. */
export function reportText(report: Report, name: string): string {
  const { budget } = report;
  const about = mark(report.tokenizer_exactness);
  const lines = [
    `# ${escaped(name)}`,
    "",
    `${mark(report.exactness)}${tokens(report.tokens)} of ${number(budget.limit)} (${share(budget.used)}), ` +
      `${about}${number(report.own_tokens)} as typed. ` +
      `${report.model === null ? "" : `${escaped(report.model)}, `}${escaped(report.encoding)}, ${report.exactness}.`,
  ];
  if (report.sections.length > 0) {
    lines.push("", "| section | tokens |", "| --- | ---: |");
    for (const section of report.sections) {
      const indent = "&nbsp;&nbsp;".repeat(Math.max(0, section.level - 1));
      lines.push(
        `| ${indent}${escaped(section.title)} | ${mark(report.exactness)}${number(section.tokens)} |`,
      );
    }
  }
  if (report.references.length > 0) {
    lines.push("", "| reference | tokens | state |", "| --- | ---: | --- |");
    const write = (references: readonly Reference[], depth: number) => {
      for (const one of references) {
        const sure = one.state === "stale" ? "≈" : about;
        const weight = one.tokens === null ? "" : `${sure}${number(one.tokens)}`;
        const state = one.reason === null ? one.state : `${one.state}: ${escaped(one.reason)}`;
        lines.push(
          `| ${"&nbsp;&nbsp;".repeat(depth)}${one.kind} ${escaped(one.target)} | ${weight} | ${state} |`,
        );
        write(one.references, depth + 1);
      }
    };
    write(report.references, 0);
  }
  return `${lines.join("\n")}\n`;
}
