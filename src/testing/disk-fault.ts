/** One way in which a disk fails. */
export interface DiskFault {
  /**
   * `write`: of a segment's line. `sync`: the fdatasync of a segment. `directory sync`: the fsync of the stream's and the
   * journal's directory after a segment was made. `create`: of a segment.
   */
  readonly step: 'write' | 'sync' | 'directory sync' | 'create'
  /** The system's name of the error, such as `EIO` or `ENOSPC`. */
  readonly code: string
  /**
   * Whether the step took effect although it failed. When not, a failed sync leaves zeros where the unsynced bytes were
   * and a failed sync of directories takes the new segment's name away, as a crash after it may. `'partly'` is a short
   * write: the half of the line, and no error.
   */
  readonly persisted: boolean | 'partly'
  /** How many of the steps from now on fail; default 1. */
  readonly times?: number
  /** How many of the steps from now on still succeed; default 0. */
  readonly after?: number
}

/** Faults that are still to come, and how many came. */
export class FaultPlan {
  #planned: { readonly fault: DiskFault; after: number; times: number }[] = []
  #injected = 0

  get injected(): number {
    return this.#injected
  }

  add(fault: DiskFault): void {
    this.#planned.push({ fault, after: fault.after ?? 0, times: fault.times ?? 1 })
  }

  clear(): void {
    this.#planned = []
  }

  /** The fault of this step, if it is to fail. */
  next(step: DiskFault['step']): DiskFault | undefined {
    const planned = this.#planned.find(({ fault, times }) => fault.step === step && times > 0)
    if (planned === undefined) return undefined
    if (planned.after > 0) {
      planned.after--
      return undefined
    }
    planned.times--
    this.#injected++
    return planned.fault
  }
}

export function systemError({ step, code }: DiskFault): Error {
  return Object.assign(new Error(`${code}: injected into ${step}`), { code })
}
