/*
 * A service under test in a process of its own, told by its parent what to do: the faults come from outside (a full
 * file system, a limit of the shell) or are real errors injected by the faulty disk of otel-audit/testing.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createAuditLogger, isAuditError, type AuditLoggerOptions, type AuditReceipt } from '../../../src/index.ts'
import { createFaultyDisk } from '../../../src/testing/index.ts'
import type { Answer, Command, Outcome } from './protocol.ts'

const [settings = '{}', faulty = ''] = process.argv.slice(2)
const problems: string[] = []
const disk = createFaultyDisk()
const options: AuditLoggerOptions = {
  ...(JSON.parse(settings) as AuditLoggerOptions),
  onProblem: ({ code, message }) => problems.push(`${code}: ${message}`),
}
const logger = faulty === 'faulty' ? disk.createAuditLogger(options) : createAuditLogger(options)
let made = 0

function log(fillerBytes: number): Promise<Outcome> {
  const recordId = crypto.randomUUID()
  const event = { adminUserId: 'child', action: 'update', targetType: 'setting', targetId: made++, recordId }
  return logger.emit({ ...event, details: { filler: 'x'.repeat(fillerBytes) } }).then(
    (receipt: AuditReceipt) => ({ recordId, code: undefined, stream: receipt.streamId, number: receipt.sequence }),
    (error: unknown) => ({ recordId, code: isAuditError(error) ? error.code : String(error) }),
  )
}

async function answerTo(command: Command): Promise<Answer> {
  switch (command.do) {
    case 'log': {
      const outcomes: Outcome[] = []
      for (let left = command.count; left > 0; left -= command.together) {
        const burst = Array.from({ length: Math.min(left, command.together) }, () => log(command.fillerBytes))
        outcomes.push(...(await Promise.all(burst)))
        await nextTurn() // as calls come in a service: not all in one turn of the event loop
      }
      return { outcomes }
    }
    case 'logAction':
      return { confirmed: await logger.logAction({ adminUserId: 'c', action: 'a', targetType: 't', targetId: 1 }) }
    case 'health':
      return { health: { status: logger.health().status, reasons: logger.health().reasons } }
    case 'problems':
      return { problems: problems.splice(0) }
    case 'inject':
      disk.inject(command.fault)
      return {}
    case 'heal':
      disk.heal()
      return { injected: disk.injected }
    case 'drain':
      return { undelivered: (await logger.drain({ timeoutMillis: command.timeoutMillis })).undelivered }
    case 'shutdown':
      return {
        undelivered: (await logger.shutdown({ drain: command.drain ?? false, timeoutMillis: 5_000 })).undelivered,
      }
  }
}

process.on('message', (command: Command) => {
  answerTo(command).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
