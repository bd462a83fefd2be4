import { ExpectedKeys } from './expected-keys.ts'
import { JsonScanner } from './json-scanner.ts'
import { arrayParser, objectParser } from './object-parser.ts'
import type { OtlpKeyValue, OtlpLogRecord, OtlpLogs, OtlpResourceLogs, OtlpScopeLogs } from './otlp-log-record.ts'
import { parseAnyValue, parseInteger, parseKeyValues } from './parse-any-value.ts'
import { ambiguous, corrupt } from './refusals.ts'

const attributeKeys = new ExpectedKeys()
const attributes = (scanner: JsonScanner): OtlpKeyValue[] => parseKeyValues(scanner, attributeKeys)
const text = (scanner: JsonScanner, name: string): string => scanner.stringValue(name)

const parseLogRecord = objectParser<OtlpLogRecord>('a log record', {
  timeUnixNano: parseInteger,
  observedTimeUnixNano: parseInteger,
  severityNumber: smallNumber,
  severityText: text,
  body: parseAnyValue,
  attributes,
  droppedAttributesCount: smallNumber,
  flags: smallNumber,
  traceId: text,
  spanId: text,
  eventName: text,
})

const parseScopeLogs = objectParser<OtlpScopeLogs>('scopeLogs', {
  scope: objectParser<NonNullable<OtlpScopeLogs['scope']>>('a scope', { name: text, version: text, attributes }),
  logRecords: arrayParser(parseLogRecord),
  schemaUrl: text,
})

const parseRequest = objectParser<OtlpLogs>('a request', {
  resourceLogs: arrayParser(
    objectParser<OtlpResourceLogs>('resourceLogs', {
      resource: objectParser<NonNullable<OtlpResourceLogs['resource']>>('a resource', {
        attributes,
        droppedAttributesCount: smallNumber,
      }),
      scopeLogs: arrayParser(parseScopeLogs),
      schemaUrl: text,
    }),
  ),
})

/**
 * Reads one OTLP/JSON logs request, such as a journal line or a line of the Collector's file exporter, in one strict
 * pass. Member names are lowerCamelCase as OTLP/JSON asks; members of unknown names are left out.
 * @throws AuditError `ambiguous` for what two readers could read differently: a name twice in one object, invalid
 * UTF-8, a byte order mark, a lone surrogate, an unquoted integer beyond 2^53, a value of two kinds, a known name in
 * another spelling, `null`, text after the end, nesting beyond 600; `corrupt` for what is not JSON or not OTLP
 */
export function parseOtlpLogs(input: string | Uint8Array): OtlpLogs {
  const scanner = new JsonScanner(typeof input === 'string' ? input : decoded(input))
  if (scanner.text.charCodeAt(0) === 0xfeff) throw ambiguous('a byte order mark', 0)
  if (!scanner.text.isWellFormed()) throw ambiguous('a lone surrogate', 0)
  const { resourceLogs } = parseRequest(scanner)
  scanner.end()
  if (resourceLogs === undefined) throw corrupt('an object without resourceLogs', 0)
  return { resourceLogs }
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw ambiguous('invalid UTF-8', 0)
  }
}

/** A number that nothing here depends on. */
function smallNumber(scanner: JsonScanner, name: string): number {
  const value = parseInteger(scanner, name)
  const number = value === '' ? Number.NaN : Number(value)
  if (!Number.isSafeInteger(number)) throw corrupt(`${JSON.stringify(value)} as ${name}`, scanner.pos)
  return number
}
