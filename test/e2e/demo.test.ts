import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { requireCollector } from './collector-process.ts'

describe.skipIf(requireCollector() === undefined)('npm run demo -- --collector', () => {
  it('tells its whole story with a real Collector as the far end', () => {
    const demo = join(import.meta.dirname, '../../scripts/demo.mjs')
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] }
    const { status, stdout, stderr } = spawnSync(process.execPath, [demo, '--collector'], { encoding: 'utf8', env })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('a real OpenTelemetry Collector with ./collector-config.yaml')
    expect(stdout.match(/ ← .*admin\.\w+\.\w+ /g)).toHaveLength(9)
    expect(stdout.match(/✓/g)).toHaveLength(7)
    expect(stdout).not.toContain('✗')
  })
})
