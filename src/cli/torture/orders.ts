import { recordIdFrom } from '../../index.ts'

/** How a victim ends. `killed` and `told` log until the parent kills it, or writes a line to its stdin. */
export type VictimEnd = 'killed' | 'told' | 'exit' | 'throw' | 'reject' | 'signal' | 'abort'

/** What one victim, a service in a process of its own, is to do. */
export interface VictimOrders {
  readonly dir: string
  /** Absent: journal only. */
  readonly url?: string
  /** Names this life: its record ids follow from it. */
  readonly life: string
  readonly end: VictimEnd
  /** Calls in flight at a time; for a sudden end the number of calls that nobody awaits. */
  readonly calls: number
  /** Milliseconds between the calls of one loop; 0: as fast as the disk. */
  readonly pauseMillis?: number
  /** Seed of the faults of its disk; absent: the disk as it is. */
  readonly diskFaults?: number
  /** Each record of that many is one that a hostile collector refuses. */
  readonly poisonEvery?: number
  /** For a collector of the user's, whose limits are not ours to press. */
  readonly patient?: boolean
}

/** What a victim says at an orderly end. */
export interface VictimReport {
  readonly undelivered: number
  readonly setAside: number
  readonly reasons: readonly string[]
  /** How many steps its disk failed. */
  readonly injected: number
  /** Of records logged after the disk was well again: all confirmed. */
  readonly recovered: boolean
}

export const poisonAction = 'torture_poison'

export function recordIdOf(life: string, call: number): string {
  return recordIdFrom('otel-audit torture', life, String(call))
}
