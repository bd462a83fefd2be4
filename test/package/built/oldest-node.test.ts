import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { doors, runJson } from './consumer.ts'

const oldest = '22.15.0'
const cache = join(import.meta.dirname, '..', '..', '..', '.cache', `node-${oldest}`)

/** The oldest Node that package.json allows, from npm; `undefined` where it cannot be had, with the reason printed. */
function fetchNode(): string | undefined {
  const binary = join(cache, 'node_modules', 'node', 'bin', 'node')
  if (existsSync(binary)) return binary
  mkdirSync(cache, { recursive: true })
  writeFileSync(join(cache, 'package.json'), JSON.stringify({ private: true, allowScripts: { node: true } }))
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts=false', `node@${oldest}`]
  const npm = spawnSync('npm', args, { cwd: cache, encoding: 'utf8' })
  if (existsSync(binary)) return binary
  const reason = `node@${oldest} could not be installed from npm:\n${npm.stdout}${npm.stderr}`
  if (process.env['CI'] !== undefined) throw new Error(reason)
  process.stderr.write(`skipped: ${reason}\n`)
  return undefined
}

const node = fetchNode()

describe.skipIf(node === undefined)(`on Node ${oldest}`, () => {
  it('is the oldest Node that package.json allows', () => {
    const root = join(import.meta.dirname, '..', '..', '..')
    const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } }
    expect(`${engines.node}.0`).toBe(`>=${oldest}`)
    expect(runJson('node-version.mjs', 'console.log(JSON.stringify(process.versions.node))', node)).toBe(oldest)
  })

  it.each(doors)('%s loads by import and by require', (door) => {
    expect(runJson('old.mjs', `import * as m from '${door}'; console.log(Object.keys(m).length > 0)`, node)).toBe(true)
    expect(runJson('old.cjs', `console.log(Object.keys(require('${door}')).length > 0)`, node)).toBe(true)
  })

  it('writes a durable record, finds it in the journal and verifies the trail', () => {
    const code = `
      import { mkdtempSync, rmSync } from 'node:fs'
      import { execFileSync } from 'node:child_process'
      import { createAuditLogger } from 'otel-audit'
      const dir = mkdtempSync('journal-')
      const logger = createAuditLogger({ serviceName: 'old', journal: { dir }, collector: false })
      const event = { adminUserId: 1, action: 'create_store', targetType: 'store', targetId: 7 }
      const receipt = await logger.emit(event)
      const confirmed = await logger.logAction(event)
      await logger.shutdown()
      const cli = new URL('./cli/main.js', import.meta.resolve('otel-audit'))
      const verified = execFileSync(process.execPath, [cli.pathname, 'verify', dir], { encoding: 'utf8' }).length > 0
      rmSync(dir, { recursive: true })
      console.log(JSON.stringify({ confirmed, verified, durability: receipt.durability, hash: receipt.integrityHash.length }))`
    expect(runJson('durable.mjs', code, node)).toEqual({
      confirmed: true,
      verified: true,
      durability: 'local',
      hash: 64,
    })
  })
})
