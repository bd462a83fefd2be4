/** A longer `Retry-After` is taken for a mistake (or an attempt to silence the trail). 10 minutes. */
export const maxRetryAfterMillis = 600_000

export interface BackoffSettings {
  readonly initialBackoffMillis: number
  readonly maxBackoffMillis: number
  readonly pauseMillis: number
}

/** The waits between attempts (rule P8): doubling, with jitter, for ever. Pure but for its one counter. */
export class Backoff {
  readonly #settings: BackoffSettings
  readonly #random: () => number
  #failures = 0

  constructor(settings: BackoffSettings, random: () => number) {
    this.#settings = settings
    this.#random = random
  }

  /** Failed attempts since the last success. */
  get failures(): number {
    return this.#failures
  }

  /** True once the waits have grown to their limit: the outage is no hiccup any more. */
  get exhausted(): boolean {
    const { initialBackoffMillis: initial, maxBackoffMillis: max } = this.#settings
    return this.#failures > 0 && initial * 2 ** (this.#failures - 1) >= max
  }

  succeeded(): void {
    this.#failures = 0
  }

  /**
   * The wait before the next attempt. Without `Retry-After`: doubling from the first to the longest wait, ±20 %.
   * With it: what the server asked for or a little later, never sooner, but at least the first wait (a server that
   * says `0` for ever must not make us spin), and the longest wait when it asks for over 10 minutes.
   */
  retry(retryAfterMillis?: number): number {
    const { initialBackoffMillis: initial, maxBackoffMillis: max } = this.#settings
    this.#failures++
    if (retryAfterMillis === undefined) {
      const wait = Math.min(max, initial * 2 ** Math.min(this.#failures - 1, 30))
      return Math.min(max, wait * (0.8 + 0.4 * this.#random()))
    }
    if (retryAfterMillis > maxRetryAfterMillis) return max
    return Math.max(initial, retryAfterMillis) * (1 + 0.1 * this.#random())
  }

  /** The wait while the endpoint is at fault: slow, ±20 %, longer if the server asks for it. */
  pause(retryAfterMillis?: number): number {
    this.#failures++
    const asked = retryAfterMillis !== undefined && retryAfterMillis <= maxRetryAfterMillis ? retryAfterMillis : 0
    return Math.max(asked, this.#settings.pauseMillis * (0.8 + 0.4 * this.#random()))
  }
}
