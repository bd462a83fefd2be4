import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { consumer, doors, manifest, runJson } from './consumer.ts'

describe('the installed package', () => {
  it('has the doors of this release', () => {
    expect(doors).toEqual(['otel-audit', 'otel-audit/providers', 'otel-audit/integrity', 'otel-audit/testing'])
  })

  it.each(doors)('%s loads by import and by require, and both give the same names', (door) => {
    const load = `const named = (m) => Object.keys(m).filter((k) => k !== 'default' && k !== '__esModule').sort()
    `
    const byImport = runJson('load.mjs', `${load}console.log(JSON.stringify(named(await import('${door}'))))`)
    const byRequire = runJson('load.cjs', `${load}console.log(JSON.stringify(named(require('${door}'))))`)
    expect(byImport).not.toEqual([])
    expect(byRequire).toEqual(byImport)
  })

  it('refuses an unknown option with an error that isAuditError knows', () => {
    const code = `import { isAuditError, createAuditLogger } from 'otel-audit'
      try { createAuditLogger({ colour: 'red' }) } catch (error) {
        console.log(JSON.stringify([isAuditError(error), error.code]))
      }`
    expect(runJson('error.mjs', code)).toEqual([true, 'bad_config'])
  })

  it('has no default export and no top-level await', () => {
    const dist = join(consumer, 'node_modules', 'otel-audit', 'dist')
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))
    expect(files.length).toBeGreaterThan(10)
    const code = `const { createRequire } = require('node:module')
      const load = createRequire(__filename)
      const found = []
      for (const file of ${JSON.stringify(files.filter((name) => !name.startsWith('cli')))}) {
        try { if ('default' in load('${dist}/' + file)) found.push(file) } catch (error) { found.push(file + ' ' + error.code + ' ' + error.message) }
      }
      console.log(JSON.stringify(found))`
    expect(runJson('every-file.cjs', code)).toEqual([])
  })

  it('ships what it needs and nothing else', () => {
    const shipped = readdirSync(join(consumer, 'node_modules', 'otel-audit')).sort()
    expect(shipped).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'package.json', 'sql'])
    expect(existsSync(join(consumer, 'node_modules', 'otel-audit', 'dist', 'index.d.ts'))).toBe(true)
  })

  it('has a command that can be run', () => {
    const command = join(consumer, 'node_modules', '.bin', 'otel-audit')
    expect(statSync(command).mode & 0o111).not.toBe(0)
    const code = `const { spawnSync } = require('node:child_process')
      const run = spawnSync('${command}', ['--help'], { encoding: 'utf8' })
      console.log(JSON.stringify([run.status, run.stdout.includes('otel-audit verify')]))`
    expect(runJson('command.cjs', code)).toEqual([0, true])
  })

  it('says its own version', () => {
    expect(
      runJson(
        'version.mjs',
        `import p from 'otel-audit/package.json' with { type: 'json' }
      console.log(JSON.stringify(p.version))`,
      ),
    ).toBe(manifest.version)
  })
})
