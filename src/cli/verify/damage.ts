import type { TrailFinding } from '../../integrity/index.ts'
import type { SoundNumbers } from './sound-numbers.ts'

/** A line that is not what its writer wrote. */
export interface DamagedLine {
  readonly source: string
  readonly line: number
  /** Of the segment it stands in. */
  readonly generation: number
  readonly why: 'cut' | 'wrong_crc' | 'no_header'
  /** The number of the record that should begin here. */
  readonly number: number
  /** As far as it can be made out. */
  readonly recordId: string | undefined
}

export interface StreamKnowledge {
  readonly streamId: string
  /** The highest number that is known to have been durable: from headers, the cursor, an adopting stream. */
  readonly durable: number
  readonly sound: Pick<SoundNumbers, 'placeOf'>
  /** A later stream recorded that it found this tail torn. */
  readonly recordedAsTorn: boolean
}

export interface JudgedFinding extends TrailFinding {
  /** An `info` that asks for a look all the same. */
  readonly unexplained?: true
}

const reasons: Record<DamagedLine['why'], string> = {
  cut: 'the line is cut off',
  wrong_crc: 'wrong CRC, the line was changed or damaged',
  no_header: 'no journal line (its header is missing or damaged)',
}

/**
 * Damage at or below the durable number is corruption, above it a torn tail. What a failed segment held is written again
 * to a later one, never behind the damage in the same file.
 */
export function judgeDamage(damage: DamagedLine, stream: StreamKnowledge): JudgedFinding {
  const { source, line, generation, number, recordId } = damage
  const place = { streamId: stream.streamId, number, recordId, source, line }
  const why = reasons[damage.why]
  const whole = stream.sound.placeOf(number, generation)
  const durable = number <= stream.durable
  if (whole === 'later segment' || (whole === 'earlier segment' && !durable)) {
    const message = `${why}; record ${number} stands whole in another segment, as after a write that failed`
    return { kind: 'torn', level: 'info', ...place, message }
  }
  if (durable) {
    const foreign = whole === 'same segment' ? ' and stands whole in the same file: no failed write leaves that' : ''
    const message = `${why}; record ${number} had been durable (through ${stream.durable})${foreign}`
    return { kind: 'corrupt', level: 'error', ...place, message }
  }
  if (stream.recordedAsTorn) {
    return { kind: 'torn', level: 'info', ...place, message: `${why}; the next start found and recorded it` }
  }
  const message = `${why}; nothing shows that record ${number} was durable: what a crash leaves, or a cut`
  return { kind: 'torn', level: 'info', ...place, message, unexplained: true }
}

/** The first record id in damaged text. */
export function recordIdIn(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  return /"audit\.record\.id","value":\{"stringValue":"([0-9a-f-]{36})"/.exec(text)?.[1]
}
