import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { AuditError, AuditProblem } from '../../src/errors.ts'
import { nodeFileSystem } from '../../src/journal/file-system.ts'
import type { Gap } from '../../src/journal/gap-ledger.ts'
import type { Adoption } from '../../src/journal/backlog.ts'
import { Journal, type JournalSettings } from '../../src/journal/journal.ts'
import { takeSqliteLock } from '../../src/journal/lock.ts'
import type { RecordCodec } from '../../src/journal/record-codec.ts'
import { SyncWorker } from '../../src/journal/sync.ts'

/** Records are plain texts; the "hash" chains them as the real one does. */
export const textCodec: RecordCodec<string> = {
  seal(record, { streamId, number, previousHash }) {
    const wire = `{"observedTimeUnixNano":"${Date.now()}000000","n":${number},"text":${JSON.stringify(record)}}`
    return { wire, hash: createHash('sha256').update(`${streamId}${number}${previousHash}${record}`).digest('hex') }
  },
  opening: () => '{"scopeLogs":[{"logRecords":[',
  closing: ']}]}',
}

export const textRecords = {
  start: (_stream: string, reason: string | undefined) => `start${reason === undefined ? '' : ` after ${reason}`}`,
  stop: () => 'stop',
  gap: (_stream: string, { reason, count }: Gap) => `gap ${reason} ${count}`,
  adopt: ({ stream, lastNumber, state }: Adoption) => `adopt ${stream} ${lastNumber} ${state}`,
}

/** A new empty directory that is removed after the test. */
export function freshDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'otel-audit-journal-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return path.join(directory, 'journal')
}

export interface TextJournal {
  readonly journal: Journal<string>
  readonly problems: Omit<AuditProblem, 'count'>[]
  /** Resolves with the record's number, rejects with its refusal. */
  readonly append: (text: string) => Promise<{ stream: string; number: number; hash: string }>
}

export function textJournal(directory: string, settings: Partial<JournalSettings<string>> = {}): TextJournal {
  const problems: Omit<AuditProblem, 'count'>[] = []
  const journal = new Journal<string>({
    directory,
    segmentMaxBytes: 64 * 1024 * 1024,
    maxBytes: Infinity,
    maxUnsyncedBytes: 64 * 1024 * 1024,
    maxUnsyncedRecords: 65_536,
    onQueueFull: 'block',
    fs: nodeFileSystem,
    engine: new SyncWorker(),
    takeLock: takeSqliteLock,
    codec: textCodec,
    records: textRecords,
    newStreamId: randomUUID,
    report: (problem) => problems.push(problem),
    delivers: true,
    retainMillis: Infinity,
    now: Date.now,
    ...settings,
  })
  return {
    journal,
    problems,
    append: (text) =>
      new Promise((resolve, reject) =>
        journal.append(text, {
          durable: (stream, number, hash) => resolve({ stream, number, hash }),
          refused: (error: AuditError) => reject(error),
        }),
      ),
  }
}

/** The texts of all records in a stream's lines, as delivery would read them from the start. */
export function textsOf(lines: readonly { readonly bytes: Uint8Array }[]): string[] {
  return lines.flatMap(({ bytes }) => {
    const line = JSON.parse(Buffer.from(bytes).toString()) as {
      resourceLogs: { scopeLogs: { logRecords: { text: string }[] }[] }[]
    }
    return line.resourceLogs[0]!.scopeLogs[0]!.logRecords.map(({ text }) => text)
  })
}
