import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const fromSource = ['--import', join(root, 'examples', 'from-source.mjs')]

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** Its working directory. */
  readonly directory: string
}

/** Runs an example in a process and an empty directory of its own, as its reader would. */
export async function runExample(name: string, env: Record<string, string> = {}): Promise<Ran> {
  const directory = mkdtempSync(join(tmpdir(), 'otel-audit-example-'))
  const child = spawn(process.execPath, [...fromSource, join(root, 'examples', name)], {
    cwd: directory,
    env: { PATH: process.env['PATH'], NO_COLOR: '1', TMPDIR: directory, AUDIT_COLLECTOR_URL: 'none', ...env },
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (data: Buffer) => (out += data.toString()))
  child.stderr.on('data', (data: Buffer) => (err += data.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out: out.trim(), err: err.trim(), directory }
}
