import { lstat, open, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { isStreamName, segmentsOf } from '../journal/names.ts'
import { CannotCheck } from './command.ts'
import { journalStreams, looksLikeJournal, namesIn, streamDirectory, type StreamDirectory } from './journal-files.ts'

/** What one path on the command line stands for. */
export type TrailSource =
  /** A stream of a journal; `whole` when all of its directory is looked at, not a single segment. */
  | { readonly kind: 'stream'; readonly stream: StreamDirectory; readonly whole: boolean }
  /**
   * Files with one OTLP/JSON request a line, as a Collector's file exporter writes them, oldest first; `inJournal` when
   * it stands in a stream's directory, where anything else is damage.
   */
  | { readonly kind: 'export'; readonly path: string; readonly files: readonly string[]; readonly inJournal: boolean }

/** @throws CannotCheck when there is nothing of the kind at `path` */
export async function trailSources(path: string): Promise<TrailSource[]> {
  const found = await stat(path).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException
    throw new CannotCheck(code === 'ENOENT' ? `there is no ${path}` : `cannot read ${path}: ${message}`)
  })
  if (!found.isDirectory()) return [await fileSource(path, found.size)]
  const names = await namesIn(path)
  if (looksLikeJournal(names)) {
    return (await journalStreams(path)).map((stream) => ({ kind: 'stream', stream, whole: true }))
  }
  if (isStreamName(basename(path)) || segmentsOf(names).length > 0) {
    return [{ kind: 'stream', stream: await streamDirectory(path, basename(path)), whole: true }]
  }
  // A rotated file carries its time before the extension, so the names sort by age, the current file last.
  const files = names.filter((name) => /\.jsonl?$/.test(name)).sort()
  if (files.length === 0) throw new CannotCheck(`${path} is neither a journal nor a directory of OTLP/JSON files`)
  return [{ kind: 'export', path, files: files.map((name) => join(path, name)), inJournal: false }]
}

async function fileSource(named: string, bytes: number): Promise<TrailSource> {
  // A link that the caller names is meant; those in a journal are not followed.
  const path = (await lstat(named)).isSymbolicLink() ? await realpath(named) : named
  const [name] = segmentsOf([basename(path)])
  if (name === undefined && !(await beginsLikeSegment(path))) {
    return { kind: 'export', path, files: [path], inJournal: isStreamName(basename(dirname(resolve(path)))) }
  }
  const segment = { path, bytes, first: name?.first ?? 0, generation: name?.generation ?? 0 }
  return { kind: 'stream', stream: { id: basename(dirname(path)), path, segments: [segment] }, whole: false }
}

async function beginsLikeSegment(path: string): Promise<boolean> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(14), 0, 14, 0)
    return buffer.toString('latin1', 0, bytesRead) === '{"otelAudit":"'
  } finally {
    await handle.close()
  }
}
