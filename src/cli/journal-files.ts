import { lstat, readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { isStreamName, segmentsOf, setAsideDirectoryName } from '../journal/names.ts'
import { CannotCheck } from './command.ts'

/** What else the journal keeps in its directory. */
const ownNames = new Set([setAsideDirectoryName, 'reserve'])

export interface SegmentFile {
  readonly path: string
  readonly first: number
  readonly generation: number
  readonly bytes: number
}

export interface StreamDirectory {
  readonly id: string
  readonly path: string
  /** By the number they begin with. */
  readonly segments: readonly SegmentFile[]
}

/**
 * The streams of a journal directory, those changed last at the end; a stream's own directory stands for itself.
 * @throws CannotCheck when it cannot be read, or holds other things only
 */
export async function journalStreams(directory: string): Promise<StreamDirectory[]> {
  const self = basename(resolve(directory))
  if (isStreamName(self)) return [await streamDirectory(directory, self)]
  const names = await namesInJournal(directory)
  const streams = await Promise.all(
    names.filter(isStreamName).map((name) => streamDirectory(join(directory, name), name)),
  )
  const changed = await Promise.all(
    streams.map(({ path }) =>
      stat(path).then(
        (at) => at.mtimeMs,
        () => 0,
      ),
    ),
  )
  return streams
    .map((stream, i) => ({ stream, at: changed[i] ?? 0 }))
    .sort((a, b) => a.at - b.at)
    .map(({ stream }) => stream)
}

/** @throws CannotCheck when it cannot be read, or holds other things only */
export async function namesInJournal(directory: string): Promise<string[]> {
  const names = await namesIn(directory)
  if (names.length === 0 || looksLikeJournal(names)) return names
  throw new CannotCheck(`${directory} is no audit journal: there is no stream in it`)
}

export function looksLikeJournal(names: readonly string[]): boolean {
  return names.some((name) => isStreamName(name) || ownNames.has(name))
}

export async function streamDirectory(path: string, id: string): Promise<StreamDirectory> {
  const segments: SegmentFile[] = []
  const names = segmentsOf(await namesIn(path)).sort((a, b) => a.first - b.first || a.generation - b.generation)
  for (const { name, first, generation } of names) {
    // Retention may take a segment between the two looks.
    const file = await lstat(join(path, name)).catch(() => undefined)
    if (file?.isSymbolicLink()) throw new CannotCheck(`${join(path, name)} is a symbolic link; no journal has any`)
    if (file?.isFile()) segments.push({ path: join(path, name), first, generation, bytes: file.size })
  }
  return { id, path, segments }
}

export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT')
      throw new CannotCheck(`there is no directory ${directory}; name the journal with --dir or AUDIT_JOURNAL_DIR`)
    throw new CannotCheck(`cannot read ${directory}: ${message}`)
  }
}
