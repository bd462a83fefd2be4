export interface DeliveryStatus {
  /** `waiting`: backing off after a failed attempt. `paused`: the endpoint is at fault, or refuses everything. */
  readonly state: 'idle' | 'sending' | 'waiting' | 'paused' | 'stopped'
  /** Nothing gets through and a person has to look: the endpoint is at fault, or the outage has lasted. */
  readonly failing: boolean
  /** Attempts since the last success. */
  readonly consecutiveFailures: number
  /** Why the last attempt failed; absent after a success. */
  readonly lastError?: string
  readonly lastDeliveredAt?: Date
  /** When the next attempt is due, in `waiting` and `paused`. */
  readonly nextAttemptAt?: Date
}

/** What the loop knows of itself, for whoever asks. */
export class StatusBoard {
  state: DeliveryStatus['state'] = 'idle'
  failing = false
  lastError: string | undefined
  lastDeliveredAt: number | undefined
  nextAttemptAt: number | undefined

  succeeded(now: number): void {
    this.failing = false
    this.lastError = undefined
    this.lastDeliveredAt = now
  }

  read(consecutiveFailures: number): DeliveryStatus {
    return {
      state: this.state,
      failing: this.failing,
      consecutiveFailures,
      ...(this.lastError !== undefined && { lastError: this.lastError }),
      ...(this.lastDeliveredAt !== undefined && { lastDeliveredAt: new Date(this.lastDeliveredAt) }),
      ...(this.nextAttemptAt !== undefined && { nextAttemptAt: new Date(this.nextAttemptAt) }),
    }
  }
}
