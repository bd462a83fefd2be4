import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { size } from '../figures.ts'
import type { Check } from './check.ts'

const mebibyte = 1_048_576

/** Limits of this process; those of the service are the same only where doctor runs as the service does. */
export function checkLimits(segmentMaxBytes: number): Check[] {
  return [...userLimits(segmentMaxBytes), checkMemory()]
}

type Soft = number | 'unlimited'

function userLimits(segmentMaxBytes: number): Check[] {
  const limits = softLimits()
  if (limits === undefined) return []
  const { openFiles, fileBytes } = limits
  const files: Check = { name: 'open files', status: 'ok', found: `ulimit -n ${openFiles}`, data: { openFiles } }
  const fileSize: Check = {
    name: 'file size',
    status: 'ok',
    found: fileBytes === 'unlimited' ? 'ulimit -f unlimited' : `ulimit -f allows ${size(fileBytes)}`,
    data: { fileBytes },
  }
  const more = 'ulimit -n 4096 or more (LimitNOFILE= in systemd): each stream that is delivered holds a few descriptors'
  const larger = `a segment grows to journal.segmentMaxBytes (${size(segmentMaxBytes)}): writes fail with EFBIG before that; raise ulimit -f or lower AUDIT_JOURNAL_SEGMENT_MAX_BYTES`
  return [
    openFiles !== 'unlimited' && openFiles < 256 ? { ...files, status: 'warn', advice: more } : files,
    fileBytes !== 'unlimited' && fileBytes < segmentMaxBytes
      ? { ...fileSize, status: 'fail', advice: larger }
      : fileSize,
  ]
}

/** Node tells them in its diagnostic report. `undefined`: this platform has none. */
function softLimits(): { readonly openFiles: Soft; readonly fileBytes: Soft } | undefined {
  const report: unknown = process.report.getReport()
  if (!hasLimits(report)) return undefined
  const { open_files: files, file_size_blocks: blocks } = report.userLimits
  return { openFiles: files.soft, fileBytes: blocks.soft }
}

interface Limits {
  // Node calls the second one blocks; the number is RLIMIT_FSIZE, which is bytes.
  readonly userLimits: Readonly<Record<'open_files' | 'file_size_blocks', { readonly soft: Soft }>>
}

function hasLimits(report: unknown): report is Limits {
  if (typeof report !== 'object' || report === null || !('userLimits' in report)) return false
  const limits: unknown = report.userLimits
  return typeof limits === 'object' && limits !== null && 'open_files' in limits && 'file_size_blocks' in limits
}

function checkMemory(): Check {
  const name = 'memory'
  const constrained = process.constrainedMemory()
  const limit = constrained > 0 && constrained < totalmem() ? constrained : undefined
  const { heap_size_limit: heap } = getHeapStatistics()
  const data = { limitBytes: limit ?? totalmem(), constrained: limit !== undefined, heapLimitBytes: heap }
  if (limit === undefined) {
    return { name, status: 'ok', found: `${size(totalmem())}, no limit of a container`, data }
  }
  const found = `${size(limit)} by the container's limit, ${size(heap)} for Node's heap`
  if (limit < 128 * mebibyte) {
    const advice = 'a burst needs up to journal.maxUnsyncedBytes beside the heap: raise the limit or lower that setting'
    return { name, status: 'warn', found, advice, data }
  }
  if (heap > limit) {
    const advice = 'the heap may outgrow the container, which is then killed: set --max-old-space-size below the limit'
    return { name, status: 'warn', found, advice, data }
  }
  return { name, status: 'ok', found, data }
}
