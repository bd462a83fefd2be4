/** Keeps the process alive while somebody waits for delivery; sockets and timers themselves never do. */
export class KeepAlive {
  #holders = 0
  #handle: NodeJS.Timeout | undefined

  /** Returns the release, to be called once. */
  hold(): () => void {
    this.#holders++
    this.#handle ??= setInterval(() => undefined, 2_147_483_647)
    return () => {
      if (--this.#holders > 0) return
      clearInterval(this.#handle)
      this.#handle = undefined
    }
  }
}
