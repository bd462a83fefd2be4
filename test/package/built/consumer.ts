import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'

/** A project of a user that has the packed package installed. */
export const consumer = inject('consumer')

interface Manifest {
  name: string
  version: string
  exports: Record<string, string | { types: string; default: string }>
}

export const manifest = JSON.parse(
  readFileSync(join(consumer, 'node_modules', 'otel-audit', 'package.json'), 'utf8'),
) as Manifest

/** What users import: `otel-audit`, `otel-audit/providers`, … */
export const doors = Object.keys(manifest.exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => `otel-audit${subpath.slice(1)}`)

/** Runs code of the user's project; its standard output must be one JSON value, which is returned. */
export function runJson(name: string, code: string, node = process.execPath, env: NodeJS.ProcessEnv = {}): unknown {
  writeFileSync(join(consumer, name), code)
  const run = spawnSync(node, [name], { cwd: consumer, encoding: 'utf8', env: { PATH: process.env['PATH'], ...env } })
  return JSON.parse(successful(run).stdout)
}

export function successful(run: SpawnSyncReturns<string>): SpawnSyncReturns<string> {
  if (run.status !== 0) throw new Error(`exit ${String(run.status)} ${String(run.signal)}:\n${run.stdout}${run.stderr}`)
  return run
}
