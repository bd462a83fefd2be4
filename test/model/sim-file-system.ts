import type { Random } from '../../src/cli/torture/random.ts'
import type { FileSystem } from '../../src/journal/file-system.ts'
import type { SyncEngine, SyncRequest, SyncResult } from '../../src/journal/sync.ts'
import {
  appendTo,
  completeSync,
  issueSync,
  newDirectory,
  newFile,
  syncDirectory,
  type DirectoryNode,
  type Faults,
  type FileNode,
  type Node,
  type SyncTicket,
} from './sim-disk.ts'

function fail(code: string): never {
  throw Object.assign(new Error(code), { code })
}

/** The journal's seam over a simulated disk. One object is one life of a process: after its death nothing works. */
export class SimFileSystem implements FileSystem {
  readonly root: DirectoryNode
  /** Called after each operation that changes the disk. */
  afterOperation: () => void = () => undefined
  /** Faults injected so far. */
  injected = 0
  alive = true
  readonly #random: Random
  readonly #faults: Faults
  readonly #open = new Map<number, Node>()
  #nextFd = 3

  constructor(root: DirectoryNode, random: Random, faults: Faults) {
    this.root = root
    this.#random = random
    this.#faults = faults
  }

  node(fd: number): Node {
    if (!this.alive) fail('ESHUTDOWN')
    return this.#open.get(fd) ?? fail('EBADF')
  }

  nodeIfOpen(fd: number): Node | undefined {
    return this.#open.get(fd)
  }

  fault(probability: number): boolean {
    if (this.#random() >= probability) return false
    this.injected++
    return true
  }

  makeDirectory(directory: string): void {
    const { parent, name } = this.#split(directory)
    if (parent.cache.get(name)?.kind === 'directory') return
    if (this.fault(this.#faults.createError)) fail('ENOSPC')
    this.#enter(parent, name, newDirectory())
    syncDirectory(parent)
    this.afterOperation()
  }

  checkDirectory(): void {
    // a simulated disk has one user
  }

  nearestUsable(directory: string): string {
    return directory
  }

  kindOf(): 'local' {
    return 'local'
  }

  list(directory: string): string[] {
    const node = this.#find(directory)
    return node?.kind === 'directory' ? [...node.cache.keys()].sort() : []
  }

  createSegment(file: string): number {
    const { parent, name } = this.#split(file)
    if (parent.cache.has(name)) fail('EEXIST')
    const failing = this.fault(this.#faults.createError)
    if (failing && this.#random() < 0.5) fail('ENOSPC')
    const node = newFile()
    this.#enter(parent, name, node)
    this.afterOperation()
    if (failing) fail('EIO') // and the file is there all the same
    return this.#descriptor(node)
  }

  openForReading(file: string): number {
    return this.#descriptor(this.#find(file) ?? fail('ENOENT'))
  }

  openDirectory(directory: string): number {
    return this.openForReading(directory)
  }

  write(fd: number, bytes: Uint8Array, start: number, length: number): number {
    const file = this.#file(fd)
    if (this.fault(this.#faults.writeError)) fail('EIO')
    const written = this.fault(this.#faults.shortWrite) ? Math.floor(this.#random() * length) : length
    appendTo(file, bytes.subarray(start, start + written))
    this.afterOperation()
    return written
  }

  read(fd: number, into: Uint8Array, at: number, length: number, position: number): number {
    const bytes = this.#file(fd).cache.subarray(position, position + length)
    into.set(bytes, at)
    return bytes.length
  }

  status(fd: number): { size: number; links: number; modifiedMillis: number } {
    const file = this.#file(fd)
    return { size: file.cache.length, links: file.links, modifiedMillis: 0 }
  }

  modifiedMillis(): number {
    return 0
  }

  isAt(fd: number, file: string): boolean {
    return this.#find(file) === this.node(fd)
  }

  sizeOf(file: string): number {
    const node = this.#find(file)
    return node?.kind === 'file' ? node.cache.length : 0
  }

  close(fd: number): void {
    if (this.alive) this.#open.delete(fd)
  }

  readSmall(file: string, maxBytes: number): Buffer | undefined {
    const node = this.#find(file)
    if (node === undefined) return undefined
    if (node.kind !== 'file' || node.cache.length > maxBytes) fail('EFBIG')
    return Buffer.from(node.cache)
  }

  openForReplacing(file: string): number {
    const { parent, name } = this.#split(file)
    // Truncation and new content are one more unsynced change of the entry: a fresh file stands for both.
    const node = newFile()
    this.#enter(parent, name, node)
    this.afterOperation()
    return this.#descriptor(node)
  }

  sync(fd: number): void {
    const node = this.node(fd)
    const code = this.complete(node, node.kind === 'file' ? issueSync(node) : undefined)
    this.afterOperation()
    if (code !== undefined) fail(code)
  }

  async syncLater(fd: number): Promise<void> {
    this.sync(fd)
  }

  rename(from: string, to: string): void {
    const source = this.#split(from)
    const target = this.#split(to)
    const node = source.parent.cache.get(source.name) ?? fail('ENOENT')
    source.parent.cache.delete(source.name)
    source.parent.pending.set(source.name, undefined)
    this.#enter(target.parent, target.name, node)
    this.afterOperation()
  }

  remove(file: string): void {
    const { parent, name } = this.#split(file)
    const node = parent.cache.get(name)
    if (node === undefined) return
    if (node.kind === 'file') node.links = 0
    parent.cache.delete(name)
    parent.pending.set(name, undefined)
    this.afterOperation()
  }

  removeDirectory(directory: string): void {
    const node = this.#find(directory)
    if (node?.kind !== 'directory') return
    for (const name of [...node.cache.keys()]) this.remove(`${directory}/${name}`)
    const { parent, name } = this.#split(directory)
    parent.cache.delete(name)
    parent.pending.set(name, undefined)
    this.afterOperation()
  }

  /** A sync's end, with the faults of the day. */
  complete(node: Node, ticket: SyncTicket | undefined): string | undefined {
    if (node.kind === 'directory') {
      if (this.fault(this.#faults.directorySyncError)) return 'EIO'
      syncDirectory(node)
      return undefined
    }
    const code = completeSync(ticket ?? issueSync(node), this.#random, this.#faults)
    if (code !== undefined) this.injected++
    return code
  }

  #enter(parent: DirectoryNode, name: string, node: Node): void {
    parent.cache.set(name, node)
    parent.pending.set(name, node)
  }

  #descriptor(node: Node): number {
    this.#open.set(this.#nextFd, node)
    return this.#nextFd++
  }

  #file(fd: number): FileNode {
    const node = this.node(fd)
    return node.kind === 'file' ? node : fail('EISDIR')
  }

  #find(path: string): Node | undefined {
    if (!this.alive) fail('ESHUTDOWN')
    let node: Node | undefined = this.root
    for (const name of path.split('/').slice(1)) {
      if (node?.kind !== 'directory') return undefined
      node = node.cache.get(name)
    }
    return node
  }

  #split(path: string): { parent: DirectoryNode; name: string } {
    const at = path.lastIndexOf('/')
    const parent = this.#find(path.slice(0, at))
    return parent?.kind === 'directory' ? { parent, name: path.slice(at + 1) } : fail('ENOENT')
  }
}

interface Flight {
  readonly request: SyncRequest
  readonly ticket: SyncTicket
  readonly done: (result: SyncResult) => void
}

/** Syncs that complete when the model says so, and cover only what was written when they were issued. */
export class SimSyncEngine implements SyncEngine {
  readonly #fs: SimFileSystem
  readonly #flights: Flight[] = []

  constructor(fs: SimFileSystem) {
    this.#fs = fs
  }

  get inFlight(): number {
    return this.#flights.length
  }

  // Several at once are possible here, as on a real descriptor; that the journal never does it is its own matter.
  request(request: SyncRequest, done: (result: SyncResult) => void): void {
    if (!this.#fs.alive) return // a tick that the life's end cut off
    const file = this.#fs.node(request.file)
    if (file.kind !== 'file') throw new Error('EISDIR')
    this.#flights.push({ request, ticket: issueSync(file), done })
  }

  /** Completes one sync, the oldest or another. */
  complete(index = 0): boolean {
    const [flight] = this.#flights.splice(index, 1)
    if (flight === undefined) return false
    flight.done(this.#result(flight))
    return true
  }

  wait(): boolean {
    return this.complete()
  }

  poll(): void {
    this.complete()
  }

  close(): void {
    this.#flights.length = 0
  }

  #result({ request, ticket }: Flight): SyncResult {
    const code = this.#fs.complete(ticket.file, ticket)
    this.#fs.afterOperation()
    if (code !== undefined) return { ok: false, code, of: 'file' }
    for (const fd of request.directories) {
      const directory = this.#fs.nodeIfOpen(fd)
      if (directory === undefined) return { ok: false, code: 'EBADF', of: 'directory' }
      const failure = this.#fs.complete(directory, undefined)
      this.#fs.afterOperation()
      if (failure !== undefined) return { ok: false, code: failure, of: 'directory' }
    }
    return { ok: true, linked: ticket.file.links > 0 }
  }
}
