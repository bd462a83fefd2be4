import { closeSync, openSync, readSync } from 'node:fs'
import { CannotCheck } from '../command.ts'
import type { TrailSource } from '../trail-sources.ts'
import { isUnreadable, type LineDigest } from './line-digest.ts'

type ExportSource = Extract<TrailSource, { kind: 'export' }>

/** What a request over several lines begins with. */
const prettyPrinted = /^\s*\{\s*\n\s*"resource(Logs|Spans|Metrics|Profiles)"/

/** Files in which no line is a request, or begins as one: not a damaged trail, but none. */
export class Strangers {
  readonly #withRequests = new Set<string>()
  readonly #withText = new Set<string>()

  note(file: string, { requests }: LineDigest): void {
    this.#withText.add(file)
    if (requests.some((request) => !isUnreadable(request) || request.begins !== 'otherwise'))
      this.#withRequests.add(file)
  }

  /** @throws CannotCheck for a source that is no trail */
  refuse({ path, files, inJournal }: ExportSource): void {
    if (inJournal || files.some((file) => this.#withRequests.has(file))) return
    const stranger = files.find((file) => this.#withText.has(file))
    if (stranger === undefined) return
    throw new CannotCheck(
      files.some((file) => prettyPrinted.test(beginningOf(file)))
        ? `${path} holds requests of several lines each; one OTLP/JSON request a line is expected (jq -c makes it so)`
        : `${path} is not a journal nor a Collector's file: no line in it is an OTLP/JSON request`,
    )
  }
}

function beginningOf(file: string): string {
  const fd = openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(1024)
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, 0))
  } finally {
    closeSync(fd)
  }
}
