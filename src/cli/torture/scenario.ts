import type { Random } from './random.ts'
import type { Victims } from './victims.ts'

/** What a scenario gets from its surroundings. */
export interface Ground {
  /** An empty directory of its own. */
  readonly directory: string
  readonly random: Random
  readonly seed: number
  readonly rounds: number
  readonly victims: Victims
  readonly stopped: AbortSignal
  readonly progress: (text: string) => void
}

export interface ScenarioResult {
  /** What was done, and how often. */
  readonly tried: string
  readonly counts: Readonly<Record<string, number>>
  /** What did not hold; empty when everything did. */
  readonly failures: readonly string[]
  /** Why it could not be tried. */
  readonly unchecked?: string
}

export interface Scenario {
  readonly name: string
  readonly run: (ground: Ground) => Promise<ScenarioResult>
}

/** At most so many of a long list, as one sentence; none for an empty list. */
export function told(what: string, list: readonly string[]): string[] {
  if (list.length === 0) return []
  const more = list.length > 3 ? ` and ${list.length - 3} more` : ''
  return [`${list.length} ${what}: ${list.slice(0, 3).join(', ')}${more}`]
}
