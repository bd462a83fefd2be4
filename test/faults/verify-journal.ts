import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const cli = path.join(import.meta.dirname, '../../src/cli/main.ts')

export interface JournalOnDisk {
  /** Ids of all records that stand whole in a line; read here by plain means, not by the library. */
  readonly recordIds: ReadonlySet<string>
  readonly streams: number
  /** What `otel-audit verify` finds in another process, torn ends apart. */
  readonly alarms: readonly string[]
  /** Ends that a kill or a failed write has torn. */
  readonly torn: number
}

export async function verifyJournal(directory: string): Promise<JournalOnDisk> {
  const recordIds = new Set<string>()
  const streams = readdirSync(directory).filter((name) => name.length === 36)
  for (const stream of streams) {
    for (const name of readdirSync(path.join(directory, stream))) {
      if (!name.endsWith('.otlp.jsonl')) continue
      for (const line of readFileSync(path.join(directory, stream, name), 'utf8').split('\n')) {
        if (!line.endsWith(']}')) continue
        for (const [, id = ''] of line.matchAll(/"audit\.record\.id","value":\{"stringValue":"([^"]+)"/g))
          recordIds.add(id)
      }
    }
  }
  const problems = await findings(directory)
  // A torn line is what a kill in the middle of a write leaves, or a write that failed: it was never acknowledged.
  const alarms = problems.filter(({ kind }) => kind !== 'torn').map(({ kind, message }) => `${kind}: ${message}`)
  return { recordIds, streams: streams.length, alarms, torn: problems.length - alarms.length }
}

export interface Finding {
  readonly kind: string
  readonly message: string
}

/** The problems that `otel-audit verify` finds, in a process of its own. */
export function findings(journal: string): Promise<Finding[]> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 64 * 1024 * 1024 }
    execFile(process.execPath, [cli, 'verify', '--json', journal], options, (error, stdout, stderr) => {
      if (error !== null && error.code !== 1) {
        reject(new Error(`verify: ${error.message} ${stderr}`))
        return
      }
      const objects = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Finding & { problem?: boolean })
      resolve(objects.filter(({ problem }) => problem === true))
    })
  })
}
