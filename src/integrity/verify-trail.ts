import { isAuditError } from '../errors.ts'
import type { OtlpLogRecord } from '../otlp/otlp-log-record.ts'
import { auditIdentity, type AuditIdentity } from '../otlp/records.ts'
import { adoptionIn, type AdoptionClaim } from './adoption-claim.ts'
import { integrityHash } from './canonical.ts'
import { Chain, type Link } from './chain.ts'
import { HashMemory, KnownHashes } from './known-hashes.ts'
import { RecentRecordIds } from './recent-record-ids.ts'
import type { TrailFinding, TrailLogRecord, TrailOptions, TrailRecord, TrailReport } from './trail-report.ts'

const defaultRemembered = 4_194_304
const defaultMaxFindings = 10_000

/**
 * Checks that a trail is whole and unchanged: each stream's numbers and hash chain (rules I7–I9, I11). Records may come
 * in any order, from several files, and more than once, as a Collector delivers them. Never rejects because of what
 * the records hold; an error of the iterable itself is passed on.
 *
 * What a chain without signatures cannot show: records cut off the end of a stream that nothing else names, and a
 * trail that was recomputed as a whole.
 */
export async function verifyTrail(
  records: AsyncIterable<TrailRecord> | Iterable<TrailRecord>,
  options: TrailOptions = {},
): Promise<TrailReport> {
  const verifier = new TrailVerifier(options)
  if (Symbol.iterator in records) for (const record of records) verifier.add(record)
  else for await (const record of records) verifier.add(record)
  return verifier.report()
}

class TrailVerifier {
  readonly #options: TrailOptions
  readonly #chains = new Map<string, Chain>()
  readonly #memory: HashMemory
  readonly #recordIds = new RecentRecordIds()
  readonly #adoptions: { readonly claim: AdoptionClaim; readonly adopter: Link }[] = []
  readonly #findings: TrailFinding[] = []
  readonly #maxFindings: number
  #further = 0
  #errors = 0
  #records = 0
  #ignored = 0

  constructor(options: TrailOptions) {
    this.#options = options
    this.#memory = new HashMemory(options.rememberedRecords ?? defaultRemembered)
    this.#maxFindings = options.maxFindings ?? defaultMaxFindings
  }

  add(item: TrailRecord): void {
    if ('damage' in item) {
      const { damage: kind, message, source, line, streamId, number, recordId } = item
      this.#found({
        kind,
        level: kind === 'torn' ? 'info' : 'error',
        streamId,
        number,
        recordId,
        source,
        line,
        message,
      })
      return
    }
    const identity = auditIdentity(item.record)
    const { streamId, number, recordId } = identity
    const hash = this.#hash(item, identity)
    if (streamId === undefined && recordId === undefined) {
      this.#ignored++
      return
    }
    this.#records++
    if (streamId === undefined || number === undefined || number < 1) {
      this.#report('missing_sequence', item, identity, 'the record does not say where it stands in which stream')
      return
    }
    const { source, line, ordered = false, expectedHash } = item
    const { previousHash, end } = identity
    const vouched = expectedHash !== undefined && expectedHash === hash
    const denied = expectedHash !== undefined && hash !== undefined && !vouched
    const link: Link = { number, hash, previousHash, end, recordId, source, line, ordered, vouched, denied }
    if (denied) {
      this.#report('altered', item, identity, `its content has the hash ${hash}, not ${expectedHash} as its line says`)
    }
    this.#noteRecordId(item, identity, streamId, number)
    this.#chain(streamId).add(link)
    if (hash !== undefined) this.#noteAdoption(item.record, link)
  }

  report(): TrailReport {
    for (const { claim, adopter } of this.#adoptions) {
      this.#chains.get(claim.streamId)?.checkTail(claim.lastNumber, claim.headHash, adopter)
    }
    const streams = [...this.#chains.values()].flatMap((chain) => chain.close(this.#options) ?? [])
    return {
      ok: this.#errors === 0,
      records: this.#records,
      ignored: this.#ignored,
      streams,
      findings: this.#findings,
      furtherFindings: this.#further,
    }
  }

  /** `undefined` when the record has none; reported. */
  #hash(item: TrailLogRecord, identity: AuditIdentity): string | undefined {
    try {
      return integrityHash(item.record)
    } catch (error) {
      if (!isAuditError(error)) throw error
      this.#report(error.code === 'ambiguous' ? 'ambiguous' : 'corrupt', item, identity, error.message)
      return undefined
    }
  }

  #chain(streamId: string): Chain {
    let chain = this.#chains.get(streamId)
    if (chain === undefined) {
      chain = new Chain(streamId, new KnownHashes(this.#memory), (finding) => {
        this.#found(finding)
      })
      this.#chains.set(streamId, chain)
    }
    return chain
  }

  #noteRecordId(item: TrailLogRecord, identity: AuditIdentity, streamId: string, number: number): void {
    if (identity.recordId === undefined) return
    const other = this.#recordIds.note(identity.recordId, streamId, number)
    if (other === undefined) return
    const message = `the same record id was seen as record ${other.number} of stream ${other.streamId}: the caller sent its event again`
    this.#report('repeat', item, identity, message, 'info')
  }

  #noteAdoption(record: OtlpLogRecord, adopter: Link): void {
    const claim = adoptionIn(record)
    if (claim !== undefined) this.#adoptions.push({ claim, adopter })
  }

  #report(
    kind: TrailFinding['kind'],
    { source, line }: TrailLogRecord,
    { streamId, number, recordId }: AuditIdentity,
    message: string,
    level: TrailFinding['level'] = 'error',
  ): void {
    this.#found({ kind, level, streamId, number, recordId, source, line, message })
  }

  #found(finding: TrailFinding): void {
    if (finding.level === 'error') this.#errors++
    if (this.#findings.length < this.#maxFindings) this.#findings.push(finding)
    else this.#further++
  }
}
