import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { AuditProblem } from '../../src/errors.ts'
import { createProblemReporter } from '../../src/telemetry/problems.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

it('the first problem of a code is told at once, then one per 30 s with the count of those it stands for', () => {
  const told: AuditProblem[] = []
  const reporter = createProblemReporter({ onProblem: (problem) => told.push(problem) })
  for (let i = 1; i <= 5; i++) reporter.report({ code: 'disk_full', message: `no room ${i}` })
  reporter.report({ code: 'journal_full', message: 'other code' })
  expect(told.map(({ code, count }) => [code, count])).toEqual([
    ['disk_full', 1],
    ['journal_full', 1],
  ])
  vi.advanceTimersByTime(29_999)
  expect(told).toHaveLength(2)
  vi.advanceTimersByTime(1)
  expect(told[2]).toMatchObject({ code: 'disk_full', count: 4, message: 'no room 5' })
  reporter.report({ code: 'disk_full', message: 'again' })
  expect(told).toHaveLength(3)
  vi.advanceTimersByTime(30_000)
  expect(told[3]).toMatchObject({ count: 1, message: 'again' })
  vi.advanceTimersByTime(60_000)
  reporter.report({ code: 'disk_full', message: 'later' })
  expect(told[4]).toMatchObject({ count: 1, message: 'later' })
})

it('flush hands over what is gathered', () => {
  const told: AuditProblem[] = []
  const reporter = createProblemReporter({ onProblem: (problem) => told.push(problem) })
  reporter.report({ code: 'torn', message: 'a' })
  reporter.report({ code: 'torn', message: 'b' })
  reporter.flush()
  reporter.flush()
  expect(told.map(({ message }) => message)).toEqual(['a', 'b'])
})

it('an onProblem that throws or rejects is contained', async () => {
  const throwing = createProblemReporter({
    onProblem: () => {
      throw new Error('x')
    },
  })
  expect(() => throwing.report({ code: 'torn', message: 'a' })).not.toThrow()
  // eslint-disable-next-line @typescript-eslint/no-misused-promises -- the mistake is what is tested
  const rejecting = createProblemReporter({ onProblem: () => Promise.reject(new Error('y')) })
  rejecting.report({ code: 'torn', message: 'a' })
  await vi.advanceTimersByTimeAsync(1)
})

it('without onProblem a process warning of type AuditWarning carries the code', () => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const reporter = createProblemReporter()
  reporter.report({ code: 'disk_error', message: 'fdatasync failed' })
  reporter.report({ code: 'disk_error', message: 'fdatasync failed' })
  reporter.report({ code: 'disk_error', message: 'fdatasync failed' })
  reporter.flush()
  expect(warning.mock.calls).toEqual([
    ['fdatasync failed', { type: 'AuditWarning', code: 'disk_error' }],
    ['fdatasync failed (2 times)', { type: 'AuditWarning', code: 'disk_error' }],
  ])
})
