import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createFaultyDisk } from '../../src/testing/index.ts'

const event = { adminUserId: 42, action: 'create_store', targetType: 'store', targetId: 7 }

function journalDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'otel-audit-disk-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return path.join(directory, 'journal')
}

it('makes every sync of a slow disk take longer, and loses nothing by it', async () => {
  const disk = createFaultyDisk({ extraSyncMillis: 150 })
  const logger = disk.createAuditLogger({ journal: { dir: journalDirectory() }, collector: false })
  for (let i = 0; i < 2; i++) {
    const begun = performance.now()
    expect(await logger.logAction(event)).toBe(true)
    expect(performance.now() - begun).toBeGreaterThan(148)
  }
  expect(disk.injected).toBe(0)
  await logger.shutdown()
})

it.each([-1, Number.NaN, Infinity, 2 ** 31])('refuses %s as time of a sync', (extraSyncMillis) => {
  expect(() => createFaultyDisk({ extraSyncMillis })).toThrow(expect.objectContaining({ code: 'bad_config' }))
})

it('fails the steps that it is told to, slow or not', async () => {
  for (const extraSyncMillis of [0, 50]) {
    const disk = createFaultyDisk({ extraSyncMillis })
    const onProblem = (): void => undefined
    const logger = disk.createAuditLogger({ journal: { dir: journalDirectory() }, collector: false, onProblem })
    expect(await logger.logAction(event)).toBe(true)
    disk.inject({ step: 'sync', code: 'EIO', persisted: false, times: 2 })
    expect(await logger.logAction(event)).toBe(false)
    expect(disk.injected).toBe(2)
    await new Promise((resolve) => setTimeout(resolve, 5)) // a failed disk is tried once a turn
    expect(await logger.logAction(event)).toBe(true)
    await logger.shutdown()
  }
})
