import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from './tracked-files.ts'

type Packages = Record<string, { version: string; optional?: boolean }>

const wanted: Packages = {
  '': { version: '0.1.0' },
  'node_modules/node': { version: '24.21.0' },
  'node_modules/left': { version: '1.2.3' },
  'node_modules/other-platform': { version: '1.0.0', optional: true },
}
const installed: Packages = { 'node_modules/node': { version: '24.21.0' }, 'node_modules/left': { version: '1.2.3' } }

let project: string
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'setup-'))
  mkdirSync(join(project, 'scripts'))
  copyFileSync(join(root, 'scripts', 'setup.mjs'), join(project, 'scripts', 'setup.mjs'))
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify({ packages: wanted }))
  executable('tools/npm', `echo "$@" >> "${join(project, 'npm-calls')}"; exit \${NPM_EXIT:-0}`)
})
afterEach(() => rmSync(project, { recursive: true }))

function executable(name: string, script: string): void {
  const path = join(project, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

function install(packages: Packages): void {
  executable('node_modules/.bin/node', 'echo v24.21.0')
  writeFileSync(join(project, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }))
}

function setUp(env: Record<string, string> = {}): { status: number | null; calls: string; said: string } {
  const path = [join(project, 'tools'), process.env['PATH']].join(delimiter)
  const run = spawnSync(process.execPath, [join(project, 'scripts', 'setup.mjs')], {
    encoding: 'utf8',
    env: { ...process.env, ...env, PATH: path },
  })
  const log = join(project, 'npm-calls')
  return { status: run.status, calls: existsSync(log) ? readFileSync(log, 'utf8') : '', said: run.stderr }
}

describe.skipIf(process.platform === 'win32')('setup.mjs', () => {
  it('does nothing when the lock file and node_modules agree', () => {
    install(installed)
    expect(setUp()).toEqual({ status: 0, calls: '', said: '' })
  })

  it('installs when node_modules is missing, in one line', () => {
    executable('node_modules.later/node', 'echo v24.21.0')
    executable(
      'tools/npm',
      `echo "$@" >> "${join(project, 'npm-calls')}"; mkdir -p node_modules/.bin; cp node_modules.later/node node_modules/.bin/node`,
    )
    const { status, calls, said } = setUp()
    expect(status).toBe(0)
    expect(calls).toMatch(/^ci /)
    expect(said).toMatch(/^Installing dependencies \(node_modules is missing\) … done in [\d.]+ s\n$/)
  })

  it.each<[string, Packages, string]>([
    [
      'another version is there',
      { ...installed, 'node_modules/left': { version: '1.2.2' } },
      'left is 1.2.2, not 1.2.3',
    ],
    ['a package is missing', { 'node_modules/node': { version: '24.21.0' } }, 'left is missing'],
    [
      'a package is no longer wanted',
      { ...installed, 'node_modules/x': { version: '1.0.0' } },
      'x is no longer needed',
    ],
  ])('installs again when %s', (_when, packages, reason) => {
    install(packages)
    const { status, calls, said } = setUp()
    expect(status).toBe(0)
    expect(calls).toMatch(/^ci /)
    expect(said).toContain(reason)
  })

  it('fails with what npm said when the installation fails', () => {
    install({})
    executable('tools/npm', 'echo "no such package" >&2; exit 1')
    const { status, said } = setUp()
    expect(status).toBe(1)
    expect(said).toContain('`npm ci` failed')
    expect(said).toContain('no such package')
  })
})
