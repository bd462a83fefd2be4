import type { SyncEngine, SyncRequest, SyncResult } from '../journal/sync.ts'

interface LateAnswer {
  readonly dueMillis: number
  readonly tell: () => void
}

/** Real syncs, each of which takes so many milliseconds longer. */
export class SlowSyncEngine implements SyncEngine {
  readonly #real: SyncEngine
  readonly #extraMillis: number
  /** Oldest first. */
  readonly #late: LateAnswer[] = []

  constructor(real: SyncEngine, extraMillis: number) {
    this.#real = real
    this.#extraMillis = extraMillis
  }

  request(request: SyncRequest, done: (result: SyncResult) => void): void {
    this.#real.request(request, (result) => {
      this.#late.push({ dueMillis: performance.now() + this.#extraMillis, tell: () => done(result) })
      setTimeout(() => this.#tellDue(), this.#extraMillis)
    })
  }

  wait(timeoutMillis: number): boolean {
    const end = performance.now() + timeoutMillis
    if (this.#late.length === 0 && !this.#real.wait(timeoutMillis)) return false
    const due = this.#late[0]?.dueMillis ?? 0
    sleep(Math.min(due, end) - performance.now())
    return due <= end && this.#tellDue()
  }

  poll(): void {
    this.#real.poll()
    this.#tellDue()
  }

  close(): void {
    this.#late.length = 0
    this.#real.close()
  }

  #tellDue(): boolean {
    const [first] = this.#late
    // A timer may fire a fraction of a millisecond early.
    if (first === undefined || first.dueMillis > performance.now() + 1) return false
    this.#late.shift()
    first.tell()
    return true
  }
}

function sleep(millis: number): void {
  if (millis > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)
}
