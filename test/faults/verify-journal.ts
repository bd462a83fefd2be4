import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const cli = path.join(import.meta.dirname, '../../src/cli/main.ts')

export interface JournalOnDisk {
  /** Ids of all records that stand whole in a line; read here by plain means, not by the library. */
  readonly recordIds: ReadonlySet<string>
  readonly streams: number
  /** What `otel-audit verify` finds in another process; empty when it exits with 0. */
  readonly alarms: readonly string[]
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
  const { code, output } = await run(['verify', directory])
  return { recordIds, streams: streams.length, alarms: code === 0 ? [] : output.split('\n') }
}

function run(args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, output: stdout + stderr })
    })
  })
}
