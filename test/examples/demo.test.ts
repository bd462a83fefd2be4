import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from './run-example.ts'

it('npm run demo tells its whole story and ends with exit code 0', { timeout: 60_000 }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/demo.mjs')], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).not.toContain('\u001b')
  expect(stdout.match(/ ← .*admin\.\w+\.\w+ /g)).toHaveLength(9)
  expect(stdout).toMatch(/admin\.store\.close .* failure /)
  expect(stdout).toMatch(/trace ID {2}[0-9a-f]{32}/)
  expect(stdout).toMatch(/altered/)
  expect(stdout).not.toContain('hunter2"}}}')
  expect(stdout.match(/✓/g)).toHaveLength(7)
  expect(stdout).not.toContain('✗')
})
