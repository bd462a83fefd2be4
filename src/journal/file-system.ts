import fs from 'node:fs'
import path from 'node:path'

/** What a directory stands on, as far as it matters to durability. */
export type FileSystemKind = 'local' | 'volatile' | 'network'

/**
 * The seam to the operating system: everything the journal asks of a file system. Errors are Node's own, with `code`.
 * All calls are synchronous but `syncLater`; the hot path's syncs go through a {@link SyncEngine} instead.
 */
export interface FileSystem {
  /** Makes the directory and its missing parents (0700) and makes their names durable. */
  makeDirectory(directory: string): void
  /** Throws with a readable message when the directory is a symbolic link or writable by everybody. */
  checkDirectory(directory: string): void
  /** The directory itself, or its nearest parent that exists; throws when it could not be used or made there. */
  nearestUsable(directory: string): string
  kindOf(directory: string): FileSystemKind
  /** Names in a directory, `[]` when it is not there. */
  list(directory: string): string[]
  /** A new file for appending and reading, 0600; fails when anything of that name is there (`O_EXCL | O_NOFOLLOW`). */
  createSegment(file: string): number
  openForReading(file: string): number
  openDirectory(directory: string): number
  /** Returns how many bytes were written: fewer than asked is a short write. */
  write(fd: number, bytes: Uint8Array, start: number, length: number): number
  read(fd: number, into: Uint8Array, at: number, length: number, position: number): number
  status(fd: number): { readonly size: number; readonly links: number; readonly modifiedMillis: number }
  /** When a file was last written, ms since the epoch. A file that is not there was never written: 0. */
  modifiedMillis(file: string): number
  sizeOf(file: string): number
  /** The descriptor's file is the one of this name. */
  isAt(fd: number, file: string): boolean
  close(fd: number): void
  /** The content of a small file, or `undefined` when it is not there. Longer than `maxBytes`: throws. */
  readSmall(file: string, maxBytes: number): Buffer | undefined
  /** Opens a file for writing from its beginning, 0600, whether it was there or not. */
  openForReplacing(file: string): number
  sync(fd: number): void
  /** fsync in the background; one caller at a time on one descriptor. */
  syncLater(fd: number): Promise<void>
  rename(from: string, to: string): void
  /** Removes a file; not there is fine. */
  remove(file: string): void
  removeDirectory(directory: string): void
}

const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NOFOLLOW, O_DIRECTORY } = fs.constants

// statfs(2) magic numbers, from linux/magic.h
const volatileKinds = new Set([0x01021994 /* tmpfs */, 0x858458f6 /* ramfs */, 0x794c7630 /* overlayfs */])
const networkKinds = new Set([
  0x6969 /* nfs */, 0x517b /* smb */, 0xff534d42 /* cifs */, 0xfe534d42 /* smb2 */, 0x01021997 /* 9p */,
  0x5346414f /* afs */, 0x00c36400 /* ceph */, 0x65735546 /* fuse */,
])

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function withDirectory(directory: string, use: (fd: number) => void): void {
  const fd = fs.openSync(directory, O_RDONLY | O_DIRECTORY)
  try {
    use(fd)
  } finally {
    fs.closeSync(fd)
  }
}

function makeDirectory(directory: string): void {
  let found = tryMakeDirectory(directory)
  if (found === 'no parent') {
    makeDirectory(path.dirname(directory))
    found = tryMakeDirectory(directory)
  }
  // Also where another process has just made it: it may not have come to its sync yet.
  try {
    withDirectory(path.dirname(directory), fs.fsyncSync)
  } catch (error) {
    if (found !== 'there' || codeOf(error) !== 'EACCES') throw error // parents that may only be passed through
  }
}

function tryMakeDirectory(directory: string): 'made' | 'there' | 'no parent' {
  try {
    fs.mkdirSync(directory, { mode: 0o700 })
    return 'made'
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') return 'there'
    if (code === 'ENOENT') return 'no parent'
    throw error
  }
}

function checkDirectory(directory: string): void {
  const status = fs.lstatSync(directory)
  if (status.isSymbolicLink()) throw new Error(`${directory} is a symbolic link; give the directory itself`)
  if (!status.isDirectory()) throw new Error(`${directory} is not a directory`)
  if (process.platform !== 'win32' && (status.mode & 0o002) !== 0) {
    throw new Error(`${directory} is writable by everybody; take that right away (chmod o-w)`)
  }
}

function nearestUsable(directory: string): string {
  let nearest = path.resolve(directory)
  for (;;) {
    try {
      fs.lstatSync(nearest)
      break
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || nearest === path.dirname(nearest)) throw error
      nearest = path.dirname(nearest)
    }
  }
  if (nearest === path.resolve(directory)) checkDirectory(nearest)
  else if (!fs.statSync(nearest).isDirectory()) throw new Error(`${nearest} is not a directory`)
  fs.accessSync(nearest, fs.constants.W_OK | fs.constants.X_OK)
  return nearest
}

export const nodeFileSystem: FileSystem = {
  makeDirectory,
  checkDirectory,
  nearestUsable,
  kindOf(directory) {
    const type = fs.statfsSync(directory).type
    if (process.platform !== 'linux') return 'local'
    return volatileKinds.has(type) ? 'volatile' : networkKinds.has(type) ? 'network' : 'local'
  },
  list(directory) {
    try {
      return fs.readdirSync(directory)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    }
  },
  createSegment: (file) => fs.openSync(file, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW, 0o600),
  openForReading: (file) => fs.openSync(file, O_RDONLY | O_NOFOLLOW),
  openDirectory: (directory) => fs.openSync(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
  write: (fd, bytes, start, length) => fs.writeSync(fd, bytes, start, length),
  read: (fd, into, at, length, position) => fs.readSync(fd, into, at, length, position),
  status(fd) {
    const { size, nlink, mtimeMs } = fs.fstatSync(fd)
    return { size, links: nlink, modifiedMillis: mtimeMs }
  },
  modifiedMillis: (file) => fs.lstatSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  sizeOf: (file) => fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0,
  isAt(fd, file) {
    const { dev, ino } = fs.fstatSync(fd)
    const named = fs.lstatSync(file, { throwIfNoEntry: false })
    return named?.ino === ino && named.dev === dev
  },
  close: (fd) => fs.closeSync(fd),
  readSmall(file, maxBytes) {
    let fd: number
    try {
      fd = fs.openSync(file, O_RDONLY | O_NOFOLLOW)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
    try {
      if (fs.fstatSync(fd).size > maxBytes) throw new Error(`${file} is larger than ${maxBytes} bytes`)
      return fs.readFileSync(fd)
    } finally {
      fs.closeSync(fd)
    }
  },
  openForReplacing: (file) => fs.openSync(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600),
  sync: (fd) => fs.fsyncSync(fd),
  syncLater: (fd) =>
    new Promise((resolve, reject) => fs.fsync(fd, (error) => (error === null ? resolve() : reject(error)))),
  rename: (from, to) => fs.renameSync(from, to),
  remove: (file) => fs.rmSync(file, { force: true }),
  removeDirectory: (directory) => fs.rmSync(directory, { recursive: true, force: true }),
}
