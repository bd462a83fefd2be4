import { isAuditError } from '../errors.ts'
import type { OtlpLogRecord } from '../otlp/otlp-log-record.ts'
import { auditIdentity, type AuditIdentity } from '../otlp/records.ts'
import { adoptionIn, type AdoptionClaim } from './adoption-claim.ts'
import { integrityHash } from './canonical.ts'

/** All of a log record that the verification of a trail asks for. */
export interface RecordDigest extends AuditIdentity {
  /** {@link integrityHash}; `undefined` when the record has no canonical form. */
  readonly hash: string | undefined
  /** Why there is no hash. */
  readonly refusal?: { readonly code: 'corrupt' | 'ambiguous'; readonly message: string }
  /** What the record, when it has a hash, says of another stream that its own took over. */
  readonly adoption?: AdoptionClaim
}

/** Never throws because of what the record holds. */
export function digestRecord(record: OtlpLogRecord): RecordDigest {
  const identity = auditIdentity(record)
  try {
    const digest = { ...identity, hash: integrityHash(record) }
    const adoption = adoptionIn(record)
    return adoption === undefined ? digest : { ...digest, adoption }
  } catch (error) {
    if (!isAuditError(error)) throw error
    const code = error.code === 'ambiguous' ? 'ambiguous' : 'corrupt'
    return { ...identity, hash: undefined, refusal: { code, message: error.message } }
  }
}
