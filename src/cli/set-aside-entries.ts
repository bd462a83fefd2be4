import type { SetAsideEntry } from '../journal/journal-source.ts'
import type { SetAsideStore } from '../journal/set-aside.ts'

export interface SetAsidePlace {
  readonly stream: string
  readonly number: number
}

export interface ReadEntries {
  readonly entries: readonly SetAsideEntry[]
  /** One sentence for each that could not be read; it does not hold up the others. */
  readonly unreadable: readonly string[]
}

export function readEntries(store: SetAsideStore, places: readonly SetAsidePlace[]): ReadEntries {
  const entries: SetAsideEntry[] = []
  const unreadable: string[] = []
  for (const place of places) {
    const read = readEntry(store, place)
    if (typeof read === 'string') unreadable.push(read)
    else entries.push(read)
  }
  return { entries, unreadable }
}

function readEntry(store: SetAsideStore, { stream, number }: SetAsidePlace): SetAsideEntry | string {
  try {
    const entry: unknown = store.read(stream, number)
    if (entry === undefined) return `record ${stream}/${number} is no longer set aside`
    return isEntry(entry) ? entry : `${stream}-${number}.json is not a set-aside record; it was changed or damaged`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Anybody who may write to the folder may have written the file. */
function isEntry(entry: unknown): entry is SetAsideEntry {
  if (!isObject(entry) || !isObject(entry['answer'])) return false
  const { recordId, reason, request, answer } = entry
  const { status, body, receivedAt } = answer as Record<string, unknown>
  return (
    [recordId, request, body, receivedAt].every((text) => typeof text === 'string') &&
    (reason === 'rejected' || reason === 'duplicate') &&
    typeof status === 'number'
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
