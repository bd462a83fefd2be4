import { AuditError } from '../errors.ts'
import { diskError, systemCode } from './disk-error.ts'
import { replaceDurablyNow } from './durable-file.ts'
import type { FileSystem } from './file-system.ts'
import type { SetAsideEntry } from './journal-source.ts'
import { setAsideDirectoryName } from './names.ts'

const namePattern = /^([0-9a-f-]{36})-(\d+)\.json$/
const entryBoundBytes = 64 * 1024 * 1024

/** The folder of records that the far end refused for good: one file each, named `<stream>-<number>.json`. */
export class SetAsideStore {
  readonly #fs: FileSystem
  readonly #directory: string

  constructor(fs: FileSystem, journalDirectory: string) {
    this.#fs = fs
    this.#directory = `${journalDirectory}/${setAsideDirectoryName}`
  }

  /** Durable when it returns. @throws AuditError `disk_full`, `disk_error` */
  add(entry: SetAsideEntry): void {
    try {
      this.#fs.makeDirectory(this.#directory)
      replaceDurablyNow(this.#fs, this.#directory, `${entry.stream}-${entry.number}.json`, `${JSON.stringify(entry)}\n`)
    } catch (cause) {
      throw diskError(
        systemCode(cause),
        `audit journal: record ${entry.stream}/${entry.number} can't be set aside`,
        cause,
      )
    }
  }

  get count(): number {
    return this.list().length
  }

  list(): { readonly stream: string; readonly number: number }[] {
    const entries: { stream: string; number: number }[] = []
    for (const name of this.#fs.list(this.#directory)) {
      const match = namePattern.exec(name)
      if (match !== null) entries.push({ stream: match[1] ?? '', number: Number(match[2]) })
    }
    return entries.sort((a, b) => (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : a.number - b.number))
  }

  /** @throws AuditError `corrupt` when the file is no entry. */
  read(stream: string, number: number): SetAsideEntry | undefined {
    const file = `${this.#directory}/${stream}-${number}.json`
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
    this.#fs.remove(`${this.#directory}/${stream}-${number}.json`)
  }
}
