import type { AdoptionClaim, RecordDigest } from '../../integrity/index.ts'

/** What later streams recorded of the ends of the streams that they took over. */
export class Adoptions {
  readonly #adopted = new Map<string, Pick<AdoptionClaim, 'lastNumber' | 'torn'>>()

  note({ adoption }: RecordDigest): void {
    if (adoption === undefined) return
    const { streamId, lastNumber, torn } = adoption
    const before = this.#adopted.get(streamId)
    this.#adopted.set(streamId, {
      lastNumber: Math.max(lastNumber, before?.lastNumber ?? 0),
      torn: torn || before?.torn === true,
    })
  }

  of(stream: string): Pick<AdoptionClaim, 'lastNumber' | 'torn'> | undefined {
    return this.#adopted.get(stream)
  }
}
