/* Hands over records without awaiting them and ends at once in the way its second argument names. */
import { createAuditLogger } from '../../src/create-audit-logger.ts'

const [dir = '', way = '', count = '100'] = process.argv.slice(2)
const logger = createAuditLogger({
  journal: { dir },
  collector: false,
  onProblem: () => undefined,
  ...(way === 'sigterm-handled' ? { shutdownOnSignals: ['SIGTERM'] as const } : {}),
})

function burst(): void {
  for (let i = 0; i < Number(count); i++) {
    const event = { adminUserId: 'child', action: 'update', targetType: 'setting', targetId: i }
    void logger.logAction({ ...event, details: { filler: 'x'.repeat(100) } })
  }
}

const ends: Record<string, () => void> = {
  exit: () => process.exit(0),
  throw: () => {
    throw new Error('uncaught on purpose')
  },
  reject: () => void Promise.reject(new Error('unhandled on purpose')),
  // A signal is handled between ticks: what was handed over in the ticks before is in the kernel.
  sigterm: () => setImmediate(() => process.kill(process.pid, 'SIGTERM')),
  'sigterm-handled': () => setImmediate(() => process.kill(process.pid, 'SIGTERM')),
  abort: () => setImmediate(() => process.abort()),
  end: () => undefined,
}

if (way.startsWith('late-')) await logger.ready()
burst()
ends[way.replace('late-', '')]?.()
