export { canonicalForm, integrityHash, type CanonicalOptions } from './canonical.ts'
export { digestOtlpLogs } from './digest-logs.ts'
export type { RecordDigest } from './record-digest.ts'
export type { AdoptionClaim } from './adoption-claim.ts'
export type {
  TrailDamage,
  TrailDigest,
  TrailFinding,
  TrailFindingKind,
  TrailLogRecord,
  TrailOptions,
  TrailPlace,
  TrailRecord,
  TrailReport,
  TrailStream,
} from './trail-report.ts'
export { verifyTrail } from './verify-trail.ts'
export { parseOtlpLogs } from '../otlp/parse-otlp-logs.ts'
export { auditIdentity, recordsOf, type AuditIdentity, type PlacedRecord } from '../otlp/records.ts'
export type {
  OtlpAnyValue,
  OtlpKeyValue,
  OtlpLogRecord,
  OtlpLogs,
  OtlpResourceLogs,
  OtlpScopeLogs,
} from '../otlp/otlp-log-record.ts'
export { AuditError, isAuditError, type AuditErrorCode } from '../errors.ts'
