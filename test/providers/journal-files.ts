import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseOtlpLogs } from '../../src/integrity/index.ts'
import type { OtlpLogRecord } from '../../src/otlp/otlp-log-record.ts'

/** Everything in a journal's files, in order. */
export function recordsIn(dir: string): OtlpLogRecord[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.otlp.jsonl'))
    .flatMap((name) => readFileSync(join(dir, name), 'utf8').trimEnd().split('\n'))
    .flatMap((line) => parseOtlpLogs(line).resourceLogs)
    .flatMap(({ scopeLogs }) => scopeLogs ?? [])
    .flatMap(({ logRecords }) => logRecords ?? [])
}

export function eventNamesIn(dir: string): string[] {
  return recordsIn(dir).map(({ eventName }) => eventName ?? '(none)')
}
