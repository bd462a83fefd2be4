import type { Sample } from './protocol.ts'

const mebibyte = 1_048_576

/**
 * The line through the samples after the first third, in which caches fill and code is compiled, must not rise by more
 * than this between its ends, however long the run: that is what "slope about 0" means here. It is what the heap
 * differs by from one sample to the next after a forced collection.
 */
export const heapBoundBytes = 3 * mebibyte
/** Buffers are kept in pools, one of which may be in use or not. */
const externalBoundBytes = 8 * mebibyte

export interface Trend {
  /** Between the ends of the line. */
  readonly riseBytes: number
  readonly perHourBytes: number
  readonly last: number
}

export interface Judgement {
  readonly heap: Trend
  readonly external: Trend
  readonly resident: Trend
  readonly descriptors: { readonly least: number; readonly most: number }
  readonly failures: readonly string[]
}

export function judge(samples: readonly Sample[]): Judgement {
  const settled = samples.slice(Math.floor(samples.length / 3))
  const heap = trend(settled, ({ heapBytes }) => heapBytes)
  const external = trend(settled, ({ externalBytes }) => externalBytes)
  const resident = trend(settled, ({ residentBytes }) => residentBytes)
  const counts = settled.map(({ descriptors }) => descriptors)
  const descriptors = { least: Math.min(...counts), most: Math.max(...counts) }
  const failures = [...new Set(samples.flatMap((sample) => sample.failures))]
  if (settled.length < 2) failures.push('too few samples to tell a trend')
  if (heap.riseBytes > heapBoundBytes)
    failures.push(`the heap rises by ${mib(heap.riseBytes)} (bound ${mib(heapBoundBytes)})`)
  if (external.riseBytes > externalBoundBytes) failures.push(`buffers rise by ${mib(external.riseBytes)}`)
  if (descriptors.most > descriptors.least) {
    failures.push(`open file descriptors vary from ${descriptors.least} to ${descriptors.most}`)
  }
  return { heap, external, resident, descriptors, failures }
}

/** Least squares. */
function trend(samples: readonly Sample[], of: (sample: Sample) => number): Trend {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const times = samples.map(({ seconds }) => seconds)
  const values = samples.map(of)
  const [time, value] = [mean(times), mean(values)]
  const covariance = times.reduce((sum, at, i) => sum + (at - time) * ((values[i] ?? value) - value), 0)
  const variance = times.reduce((sum, at) => sum + (at - time) ** 2, 0)
  const perSecond = variance === 0 ? 0 : covariance / variance
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0)
  return { riseBytes: perSecond * span, perHourBytes: perSecond * 3_600, last: values.at(-1) ?? 0 }
}

export function mib(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(2)} MiB`
}
