import type { DiskFault } from '../../../src/testing/index.ts'

export interface Outcome {
  readonly recordId: string
  /** The AuditError's code; absent: acknowledged. */
  readonly code?: string | undefined
  readonly stream?: string | undefined
  readonly number?: number | undefined
}

/** What the parent tells the service in the child process to do. */
export type Command =
  | { readonly do: 'log'; readonly count: number; readonly together: number; readonly fillerBytes: number }
  | { readonly do: 'logAction' | 'health' | 'problems' | 'heal' }
  | { readonly do: 'inject'; readonly fault: DiskFault }
  | { readonly do: 'drain'; readonly timeoutMillis: number }
  | { readonly do: 'shutdown'; readonly drain?: boolean }

export interface Answer {
  readonly outcomes?: Outcome[]
  readonly confirmed?: boolean
  readonly health?: { readonly status: string; readonly reasons: readonly string[] }
  readonly problems?: string[]
  readonly injected?: number
  readonly undelivered?: number
  readonly error?: string
}
