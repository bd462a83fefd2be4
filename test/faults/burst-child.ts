/*
 * Takes so many calls in one tick, without awaiting any, and tells what was confirmed and how much memory that took.
 * With `bare` it only makes the promises that such calls return.
 */
import { createAuditLogger } from '../../src/index.ts'

const [dir = '', count = '1000000', what = ''] = process.argv.slice(2)
const promises: Promise<boolean>[] = []
const logger =
  what === 'bare' ? undefined : createAuditLogger({ journal: { dir }, collector: false, onProblem: () => undefined })
await logger?.ready()
const started = performance.now()
for (let i = 0; i < Number(count); i++) {
  promises.push(
    logger?.logAction({ adminUserId: 'burst', action: 'update', targetType: 'setting', targetId: i }) ??
      new Promise<boolean>(() => undefined),
  )
}
const tickMillis = performance.now() - started
const confirmed = logger === undefined ? 0 : (await Promise.all(promises)).filter(Boolean).length
const peak = process.resourceUsage().maxRSS * 1024
await logger?.shutdown()
process.stdout.write(JSON.stringify({ confirmed, peak, tickMillis, millis: performance.now() - started }))
