/** When to start a server again that died: soon, then later, then not by itself. */

const FIRST_DELAY = 500;
const MOST_STARTS = 5;
const FORGOTTEN_AFTER = 3 * 60_000;

export class Backoff {
  private deaths: number[] = [];

  /** Milliseconds until the next start, for a death at `now` (milliseconds); none if it died too often lately. */
  next(now: number): number | undefined {
    this.deaths = this.deaths.filter((at) => now - at < FORGOTTEN_AFTER);
    this.deaths.push(now);
    return this.deaths.length > MOST_STARTS ? undefined : FIRST_DELAY * 2 ** (this.deaths.length - 1);
  }

  /** The user started it: all is forgiven. */
  reset(): void {
    this.deaths = [];
  }
}
