import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** A project of a user that has the packed package installed. */
    consumer: string
  }
}

const root = join(import.meta.dirname, '..', '..', '..')

interface Manifest {
  name: string
  version: string
  devDependencies: Record<string, string>
}

function npm(args: readonly string[], cwd: string): string {
  const run = spawnSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd, encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`npm ${args.join(' ')} failed in ${cwd}:\n${run.stdout}${run.stderr}`)
  return run.stdout
}

let consumer: string | undefined

/** Packs the package as `npm publish` would and installs the archive into an empty project, once for all files. */
export function setup({ provide }: TestProject): void {
  consumer = mkdtempSync(join(tmpdir(), 'otel-audit-consumer-'))
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
  const versionOf = (name: string): string => `${name}@${String(devDependencies[name])}`

  npm(['pack', '--pack-destination', consumer], root)
  const archive = readdirSync(consumer).find((name) => name.endsWith('.tgz'))
  if (archive === undefined) throw new Error('npm pack left no archive')
  mkdirSync(join(consumer, 'src'))
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  // What a service of today has beside the package; exact versions, because ranges depend on the Node that runs npm.
  const beside = ['@opentelemetry/api', '@types/node', 'typescript'].map(versionOf)
  npm(['install', '--prefer-offline', '--save-exact', `./${archive}`, ...beside], consumer)
  provide('consumer', consumer)
}

export function teardown(): void {
  if (consumer !== undefined) rmSync(consumer, { recursive: true, force: true })
}
