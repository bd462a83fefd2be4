import { existsSync, mkdtempSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { isStreamName } from '../../journal/names.ts'
import { CannotCheck, UsageError } from '../command.ts'
import { looksLikeJournal } from '../journal-files.ts'

/**
 * Makes a directory for the torture inside `parent`, or beside the journal. @throws UsageError for a place inside a
 * journal, CannotCheck where none can be made
 */
export function makeScratch(parent: string | undefined, journal: string): string {
  const place = parent === undefined ? nearest(dirname(resolve(journal))) : resolve(parent)
  const inside = relative(resolve(journal), place)
  if (inside === '' || !inside.startsWith('..')) {
    throw new UsageError(`${place} is in the journal ${journal}; --dir names a directory beside it, on the same disk`)
  }
  if (!statSync(place, { throwIfNoEntry: false })?.isDirectory())
    throw new CannotCheck(`there is no directory ${place}`)
  try {
    if (isStreamName(basename(place)) || looksLikeJournal(readdirSync(place))) {
      throw new UsageError(`${place} is a journal; --dir names a directory beside it, on the same disk`)
    }
    return mkdtempSync(join(place, 'otel-audit-torture-'))
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new CannotCheck(
      `no directory can be made in ${place}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

function nearest(directory: string): string {
  let at = directory
  while (!existsSync(at) && at !== dirname(at)) at = dirname(at)
  return at
}
