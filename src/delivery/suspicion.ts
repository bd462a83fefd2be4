import type { Batch } from './bisect.ts'

/**
 * A single record that was refused. It is set aside only when, after that, another record was accepted and this one
 * was refused once more: a server that refuses everything sets nothing aside.
 */
export interface Suspicion {
  readonly batch: Batch
  readonly rounds: number
  /** What was accepted since: a record that was new to the server, or only one that it had accepted before. */
  readonly endpointAccepts: 'unknown' | 'new_record' | 'known_record'
}
