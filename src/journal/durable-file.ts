import type { FileSystem } from './file-system.ts'

/** Replaces a small file so that after a crash either the old or the new content is there: write, fsync, rename, fsync. */
export async function replaceDurably(fs: FileSystem, directory: string, name: string, content: string): Promise<void> {
  const temporary = `${directory}/${name}.tmp`
  const fd = fs.openForReplacing(temporary)
  try {
    writeAll(fs, fd, content)
    await fs.syncLater(fd)
  } finally {
    fs.close(fd)
  }
  fs.rename(temporary, `${directory}/${name}`)
  const parent = fs.openDirectory(directory)
  try {
    await fs.syncLater(parent)
  } finally {
    fs.close(parent)
  }
}

/** The same, done when it returns. */
export function replaceDurablyNow(fs: FileSystem, directory: string, name: string, content: string): void {
  const temporary = `${directory}/${name}.tmp`
  const fd = fs.openForReplacing(temporary)
  try {
    writeAll(fs, fd, content)
    fs.sync(fd)
  } finally {
    fs.close(fd)
  }
  fs.rename(temporary, `${directory}/${name}`)
  const parent = fs.openDirectory(directory)
  try {
    fs.sync(parent)
  } finally {
    fs.close(parent)
  }
}

function writeAll(fs: FileSystem, fd: number, content: string): void {
  const bytes = Buffer.from(content)
  const written = fs.write(fd, bytes, 0, bytes.length)
  if (written !== bytes.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' })
}
