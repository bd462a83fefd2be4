import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { root, textOf, trackedFiles } from './tracked-files.ts'

const files = trackedFiles()
const code = files.filter((name) => /^(src|test|bench|examples|scripts)\/.*\.(ts|mjs)$/.test(name))

function findings(names: readonly string[], forbidden: RegExp): string[] {
  return names.flatMap((name) =>
    textOf(name)
      .split('\n')
      .flatMap((line, index) => (forbidden.test(line) ? [`${name}:${String(index + 1)}: ${line.trim()}`] : [])),
  )
}

function hostOf(url: string | undefined): string[] {
  return url !== undefined && URL.canParse(url) ? [new URL(url).host] : []
}

describe('tracked files', () => {
  it('name no path of the machine they were written on', () => {
    const path = new RegExp(['/' + 'work/', '/' + 'root/', '/home/(?!node/)[a-z]+/', '/' + 'Users/'].join('|'))
    expect(findings(files, path)).toEqual([])
  })

  it('point at nothing beside the repository', () => {
    expect(findings(files, new RegExp('\\.\\./' + 'shared'))).toEqual([])
  })

  it('name none of the package registries that this machine uses', () => {
    const npm = spawnSync('npm', ['config', 'get', 'registry'], { cwd: root, encoding: 'utf8' })
    const proxies = (process.env['GOPROXY'] ?? '').split(/[,|]/)
    const usual = new Set(['registry.npmjs.org', 'proxy.golang.org'])
    const hosts = [npm.stdout.trim(), ...proxies]
      .flatMap(hostOf)
      .filter((host) => host.includes('.') && !usual.has(host))
    for (const host of hosts) expect(findings(files, new RegExp(host.replaceAll('.', '\\.')))).toEqual([])
  })

  it('the lock file says what to install but not from which host', () => {
    const lock = JSON.parse(textOf('package-lock.json')) as { packages: Record<string, { resolved?: string }> }
    const resolved = Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined)
    expect(resolved).toEqual([])
  })

  it('have no conflict markers', () => {
    expect(findings(files, /^(<{7}|>{7}) /)).toEqual([])
  })
})

describe('code', () => {
  it('lives in kebab-case files that say what is in them', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|deep\.test|types\.test|bench|config))?\.(ts|mjs)$/
    const names = code.map((path) => ({ path, name: path.slice(path.lastIndexOf('/') + 1) }))
    expect(names.filter(({ name }) => !kebab.test(name)).map(({ path }) => path)).toEqual([])
    const dumps = names.filter(({ name }) => /^(utils?|helpers?|common|misc|types|shared)\.ts$/.test(name))
    expect(dumps.map(({ path }) => path)).toEqual([])
  })

  it('is longer than 300 lines only where eslint.config.js gives the reason', async () => {
    const config = (await import(`${root}/eslint.config.js`)) as { longFiles: Record<string, string> }
    const long = code.filter((name) => name.startsWith('src/') && textOf(name).trimEnd().split('\n').length > 300)
    expect(long.filter((name) => !config.longFiles[name])).toEqual([])
    expect(Object.keys(config.longFiles).filter((name) => !long.includes(name))).toEqual([])
  })

  it('switches off no type check', () => {
    const sources = code.filter((name) => name.startsWith('src/'))
    expect(findings(sources, /@ts-(ignore|nocheck|expect-error)|\bas any\b|\bas unknown as\b/)).toEqual([])
  })

  it('has no test that is focused', () => {
    expect(findings(code, /\b(it|test|describe)\.only\(/)).toEqual([])
  })
})
