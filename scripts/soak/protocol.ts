/*
 * Between the soak (collector, oracle, judge) and its service (the library under load), a line each.
 * To the service: `storm`, `calm`, `end`. From it:
 *   + <stream> <number>   confirmed
 *   - <code>              refused
 *   calm <json>           a Sample, once everything is delivered
 *   end <json>            the last one, before an orderly end
 */
export type Command = 'storm' | 'calm' | 'end'

/** What the service weighs while nothing happens: everything is delivered, no call is pending, garbage is collected. */
export interface Sample {
  readonly seconds: number
  readonly heapBytes: number
  /** Outside of V8's heap: buffers. */
  readonly externalBytes: number
  readonly residentBytes: number
  readonly descriptors: number
  /** Faults of the disk so far. */
  readonly diskFaults: number
  readonly calls: number
  readonly repeats: number
  readonly conflicts: number
  /** What went wrong in this round; empty when nothing did. */
  readonly failures: readonly string[]
}

export const poisonAction = 'soak_poison'

export interface ServiceOrders {
  readonly dir: string
  readonly url: string
  readonly seed: number
  /** Calls with a record id of the caller's before the first sample, so that the list of known ids is as long as it gets. */
  readonly prefill: number
}
