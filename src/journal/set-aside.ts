import { AuditError } from '../errors.ts'
import { diskError, systemCode } from './disk-error.ts'
import { replaceDurablyNow } from './durable-file.ts'
import type { FileSystem } from './file-system.ts'
import type { SetAsideEntry } from './journal-source.ts'
import { setAsideDirectoryName } from './names.ts'

const namePattern = /^([0-9a-f-]{36})-(\d+)\.json$/
const entryBoundBytes = 64 * 1024 * 1024

interface Place {
  readonly stream: string
  readonly number: number
}

/** The folder of records that the far end refused for good: one file each, named `<stream>-<number>.json`. */
export class SetAsideStore {
  readonly #fs: FileSystem
  readonly #directory: string
  /** By file name, since only the content tells the reason. */
  readonly #reasons = new Map<string, SetAsideEntry['reason']>()

  constructor(fs: FileSystem, journalDirectory: string) {
    this.#fs = fs
    this.#directory = `${journalDirectory}/${setAsideDirectoryName}`
  }

  /** Durable when it returns. @throws AuditError `disk_full`, `disk_error` */
  add(entry: SetAsideEntry): void {
    const name = nameOf(entry)
    try {
      this.#fs.makeDirectory(this.#directory)
      replaceDurablyNow(this.#fs, this.#directory, name, `${JSON.stringify(entry)}\n`)
      this.#reasons.set(name, entry.reason)
    } catch (cause) {
      throw diskError(
        systemCode(cause),
        `audit journal: record ${entry.stream}/${entry.number} can't be set aside`,
        cause,
      )
    }
  }

  /** Records that want a look: refused for good, or no longer readable. A duplicate is known at the far end. */
  get rejected(): number {
    const places = this.list()
    const names = new Set(places.map(nameOf))
    for (const name of this.#reasons.keys()) if (!names.has(name)) this.#reasons.delete(name)
    return places.filter((place) => this.#reasonOf(place) === 'rejected').length
  }

  list(): Place[] {
    const entries: Place[] = []
    for (const name of this.#fs.list(this.#directory)) {
      const match = namePattern.exec(name)
      if (match !== null) entries.push({ stream: match[1] ?? '', number: Number(match[2]) })
    }
    return entries.sort((a, b) => (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : a.number - b.number))
  }

  /** @throws AuditError `corrupt` when the file is no entry. */
  read(stream: string, number: number): SetAsideEntry | undefined {
    const file = `${this.#directory}/${nameOf({ stream, number })}`
    const content = this.#fs.readSmall(file, entryBoundBytes)
    if (content === undefined) return undefined
    try {
      const entry = JSON.parse(content.toString()) as SetAsideEntry
      if (typeof entry.request === 'string' && entry.stream === stream && entry.number === number) return entry
    } catch {
      // falls through to the one message
    }
    throw new AuditError('corrupt', `${file} is not a set-aside record; it was changed or damaged`)
  }

  remove(stream: string, number: number): void {
    this.#fs.remove(`${this.#directory}/${nameOf({ stream, number })}`)
  }

  #reasonOf(place: Place): SetAsideEntry['reason'] | undefined {
    const name = nameOf(place)
    const reason = this.#reasons.get(name) ?? this.#readReason(place)
    if (reason !== undefined) this.#reasons.set(name, reason)
    return reason
  }

  #readReason({ stream, number }: Place): SetAsideEntry['reason'] | undefined {
    try {
      const entry = this.read(stream, number)
      if (entry === undefined) return undefined // removed since it was listed
      return entry.reason === 'duplicate' ? 'duplicate' : 'rejected'
    } catch {
      return 'rejected'
    }
  }
}

function nameOf({ stream, number }: Place): string {
  return `${stream}-${number}.json`
}
