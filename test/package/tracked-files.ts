import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')

const generated = new Set(['node_modules', 'dist', 'coverage', '.cache', '.git', 'audit-journal'])

/** Every file of the project, relative to its root: what git tracks, or without git what is there but not generated. */
export function trackedFiles(): string[] {
  const git = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  const names = git.status === 0 ? git.stdout.split('\0') : [...walk('')]
  return names.filter((name) => name !== '' && isFile(name)).sort()
}

export function textOf(name: string): string {
  return readFileSync(join(root, name), 'utf8')
}

function isFile(name: string): boolean {
  return statSync(join(root, name), { throwIfNoEntry: false })?.isFile() === true
}

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (generated.has(entry.name)) continue
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) yield* walk(name)
    else yield name
  }
}
