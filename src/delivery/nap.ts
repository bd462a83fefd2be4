/** Where waiting comes from; given so that tests may hold the clock. */
export interface DeliveryTimers {
  setTimeout(callback: () => void, millis: number): { unref?(): unknown }
  clearTimeout(timer: unknown): void
}

export const realTimers: DeliveryTimers = {
  setTimeout: (callback, millis) => setTimeout(callback, Math.min(millis, 2_147_483_647)),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
}

/** The one wait of a loop, which others may end early. It never keeps the process alive. */
export class Nap {
  readonly #timers: DeliveryTimers
  #end: (() => void) | undefined
  #endedByMore = false

  constructor(timers: DeliveryTimers) {
    this.#timers = timers
  }

  /** Waits that long (without a number: until woken). `endedByMore`: new records end it too. */
  async sleep(millis: number | undefined, endedByMore: boolean): Promise<void> {
    let timer: { unref?(): unknown } | undefined
    await new Promise<void>((resolve) => {
      this.#end = resolve
      this.#endedByMore = endedByMore
      if (millis === undefined) return
      timer = this.#timers.setTimeout(resolve, millis)
      timer.unref?.()
    })
    this.#end = undefined
    if (timer !== undefined) this.#timers.clearTimeout(timer)
  }

  /** There are new records. */
  more(): void {
    if (this.#endedByMore) this.#end?.()
  }

  /** Ends the wait, whatever it is for. */
  end(): void {
    this.#end?.()
  }
}
