import { appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Context } from '@opentelemetry/api'
import type { ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { createAuditLogger, getAuditDelivery, type AuditProvider } from 'otel-audit'

/** A provider *is* an OpenTelemetry log record processor; its slot in the Context takes the confirmation back. */
class FileProvider implements AuditProvider {
  readonly auditBackend = 'file'
  readonly auditDurability = 'none' // appended, not synced: worth less than the journal's yes
  readonly #path: string
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  onEmit(record: ReadWriteLogRecord, context?: Context): void {
    const line = JSON.stringify({ event: record.eventName, ...record.attributes, details: record.body })
    const written = appendFile(this.#path, `${line}\n`)
    this.#last = written.catch(() => undefined)
    getAuditDelivery(context)?.acknowledge(written)
  }

  async forceFlush(): Promise<void> {
    await this.#last
  }

  async shutdown(): Promise<void> {
    await this.#last
  }
}

const audit = createAuditLogger({ providers: [new FileProvider(join(tmpdir(), 'audit-copy.jsonl'))] })

const receipt = await audit.emit({ adminUserId: 'alice', action: 'login', targetType: 'session', targetId: 's-1' })
console.log(receipt.durability, receipt.backends) // local { journal: { ok: true }, file: { ok: true } }
await audit.shutdown()
