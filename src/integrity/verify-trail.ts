import type { AuditIdentity } from '../otlp/records.ts'
import type { AdoptionClaim } from './adoption-claim.ts'
import { Chain, type Link } from './chain.ts'
import { HashMemory, KnownHashes } from './known-hashes.ts'
import { RecentRecordIds } from './recent-record-ids.ts'
import { digestRecord } from './record-digest.ts'
import type {
  TrailDamage,
  TrailDigest,
  TrailFinding,
  TrailOptions,
  TrailPlace,
  TrailRecord,
  TrailReport,
} from './trail-report.ts'

const defaultRemembered = 4_194_304
const defaultMaxFindings = 10_000

/**
 * Checks that a trail is whole and unchanged: each stream's numbers and hash chain (rules I7–I9, I11). Records may come
 * in any order, from several files, and more than once, as a Collector delivers them. Never rejects because of what
 * the records hold; an error of the iterable itself is passed on. Arrays of records, such as those of one line, spare
 * much of an asynchronous iterable's time.
 *
 * What a chain without signatures cannot show: records cut off the end of a stream that nothing else names, and a
 * trail that was recomputed as a whole.
 */
export async function verifyTrail(
  records: AsyncIterable<TrailRecord | readonly TrailRecord[]> | Iterable<TrailRecord | readonly TrailRecord[]>,
  options: TrailOptions = {},
): Promise<TrailReport> {
  const verifier = new TrailVerifier(options)
  if (Symbol.iterator in records) for (const item of records) verifier.add(item)
  else for await (const item of records) verifier.add(item)
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

  add(item: TrailRecord | readonly TrailRecord[]): void {
    if (isList(item)) for (const one of item) this.add(one)
    else if ('digest' in item) this.#digest(item, item.digest)
    else if ('damage' in item) this.#damage(item)
    else this.#digest(item, digestRecord(item.record))
  }

  #damage({ damage: kind, message, source, line, streamId, number, recordId }: TrailDamage): void {
    const level = kind === 'torn' ? 'info' : 'error'
    this.#found({ kind, level, streamId, number, recordId, source, line, message })
  }

  #digest(item: TrailPlace, digest: TrailDigest['digest']): void {
    const { streamId, number, recordId, hash, refusal, adoption } = digest
    if (refusal !== undefined) this.#report(refusal.code, item, digest, refusal.message)
    if (streamId === undefined && recordId === undefined) {
      this.#ignored++
      return
    }
    this.#records++
    if (streamId === undefined || number === undefined || number < 1) {
      this.#report('missing_sequence', item, digest, 'the record does not say where it stands in which stream')
      return
    }
    const { source, line, ordered = false, expectedHash } = item
    const { previousHash, end } = digest
    const vouched = expectedHash !== undefined && expectedHash === hash
    const denied = expectedHash !== undefined && hash !== undefined && !vouched
    const link: Link = { number, hash, previousHash, end, recordId, source, line, ordered, vouched, denied }
    if (denied) {
      this.#report('altered', item, digest, `its content has the hash ${hash}, not ${expectedHash} as its line says`)
    }
    if (recordId !== undefined) this.#noteRecordId(item, digest, recordId, streamId, number)
    this.#chain(streamId).add(link)
    if (adoption !== undefined) this.#adoptions.push({ claim: adoption, adopter: link })
  }

  report(): TrailReport {
    for (const { claim, adopter } of this.#adoptions) {
      if (claim.headHash === undefined) continue
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

  #noteRecordId(item: TrailPlace, identity: AuditIdentity, recordId: string, streamId: string, number: number): void {
    const other = this.#recordIds.note(recordId, streamId, number)
    if (other === undefined) return
    const message = `the same record id was seen as record ${other.number} of stream ${other.streamId}: the caller sent its event again`
    this.#report('repeat', item, identity, message, 'info')
  }

  #report(
    kind: TrailFinding['kind'],
    { source, line }: TrailPlace,
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

function isList(item: TrailRecord | readonly TrailRecord[]): item is readonly TrailRecord[] {
  return Array.isArray(item)
}
