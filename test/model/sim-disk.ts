/*
 * A disk that can lose its power. Every file sector is durable, dirty (in the cache only) or a ghost (clean in the cache,
 * lost on the disk: what Linux leaves after a failed writeback). Sizes, sectors and directory entries persist
 * independently of each other and in any order until they are synced. Sectors are small, so that tears are frequent.
 */

import type { Random } from '../../src/cli/torture/random.ts'

const sectorBytes = 64

export interface Faults {
  /** Probability of each, per operation. */
  readonly shortWrite: number
  readonly writeError: number
  readonly createError: number
  /** A failed sync whose data is lost all the same (ghosts), and one whose data did reach the disk. */
  readonly syncLost: number
  readonly syncKept: number
  readonly directorySyncError: number
}

export const noFaults: Faults = {
  shortWrite: 0,
  writeError: 0,
  createError: 0,
  syncLost: 0,
  syncKept: 0,
  directorySyncError: 0,
}

export const someFaults: Faults = {
  shortWrite: 0.04,
  writeError: 0.03,
  createError: 0.03,
  syncLost: 0.04,
  syncKept: 0.03,
  directorySyncError: 0.02,
}

export interface FileNode {
  readonly kind: 'file'
  cache: Uint8Array
  disk: Uint8Array
  readonly dirty: Set<number>
  links: number
  /** A writeback failed; the next fsync to complete is told, and only that one. */
  failed: boolean
}

export interface DirectoryNode {
  readonly kind: 'directory'
  readonly cache: Map<string, Node>
  readonly disk: Map<string, Node>
  /** Entries changed since the last sync: name → what it is now, `undefined` = removed. */
  readonly pending: Map<string, Node | undefined>
}

export type Node = FileNode | DirectoryNode

/** What a sync must make durable: the content when it was issued. */
export interface SyncTicket {
  readonly file: FileNode
  readonly size: number
  readonly sectors: ReadonlyMap<number, Uint8Array>
}

export function newFile(): FileNode {
  return { kind: 'file', cache: new Uint8Array(0), disk: new Uint8Array(0), dirty: new Set(), links: 1, failed: false }
}

export function newDirectory(): DirectoryNode {
  return { kind: 'directory', cache: new Map(), disk: new Map(), pending: new Map() }
}

export function appendTo(file: FileNode, bytes: Uint8Array): void {
  const from = file.cache.length
  const grown = new Uint8Array(from + bytes.length)
  grown.set(file.cache)
  grown.set(bytes, from)
  file.cache = grown
  for (let sector = Math.floor(from / sectorBytes); sector * sectorBytes < grown.length; sector++)
    file.dirty.add(sector)
}

function persist(file: FileNode, sectors: ReadonlyMap<number, Uint8Array>, size: number): void {
  const disk = new Uint8Array(Math.max(size, file.disk.length))
  disk.set(file.disk)
  for (const [sector, content] of sectors) {
    const at = sector * sectorBytes
    if (at < disk.length) disk.set(content.subarray(0, disk.length - at), at)
  }
  file.disk = disk
}

function sectorOf(file: FileNode, sector: number): Uint8Array {
  return file.cache.slice(sector * sectorBytes, (sector + 1) * sectorBytes)
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

export function issueSync(file: FileNode): SyncTicket {
  const sectors = new Map<number, Uint8Array>()
  for (const sector of file.dirty) sectors.set(sector, sectorOf(file, sector))
  return { file, size: file.cache.length, sectors }
}

/** Undefined: done. An error's code otherwise; then the data may or may not be there. */
export function completeSync({ file, size, sectors }: SyncTicket, random: Random, faults: Faults): string | undefined {
  const luck = random()
  if (file.failed || luck < faults.syncLost) {
    // Linux marks the pages clean though they were not written: a later sync says OK over lost data.
    for (const sector of sectors.keys()) file.dirty.delete(sector)
    persist(file, new Map(), size)
    file.failed = false
    return 'EIO'
  }
  persist(file, sectors, size)
  for (const [sector, content] of sectors) if (same(content, sectorOf(file, sector))) file.dirty.delete(sector)
  return luck < faults.syncLost + faults.syncKept ? 'EIO' : undefined
}

/** A background writeback that fails: what was dirty is lost, one later sync is told. */
export function failWriteback(file: FileNode): void {
  if (file.dirty.size === 0) return
  persist(file, new Map(), file.cache.length)
  file.dirty.clear()
  file.failed = true
}

export function syncDirectory(directory: DirectoryNode): void {
  for (const [name, node] of directory.pending) {
    if (node === undefined) directory.disk.delete(name)
    else directory.disk.set(name, node)
  }
  directory.pending.clear()
}

/** How much of what was not synced survives. */
export type Survival = 'all' | 'none' | 'one lost' | 'random'

/** The disk after the power came back: what is in its cache is what was on the platters. */
export function powerCut(root: DirectoryNode, survival: Survival, random: Random): DirectoryNode {
  let unsynced = 0
  const known = new Set<Node>()
  const count = (node: Node): void => {
    if (known.has(node)) return
    known.add(node)
    unsynced += node.kind === 'file' ? node.dirty.size : node.pending.size
    if (node.kind === 'directory') for (const child of [...node.cache.values(), ...node.disk.values()]) count(child)
  }
  count(root)
  const lost = survival === 'one lost' ? Math.floor(random() * unsynced) : -1
  let index = 0
  const survives = (): boolean => {
    if (survival === 'all') return true
    if (survival === 'none') return false
    if (survival === 'one lost') return index++ !== lost
    return random() < 0.5
  }
  const copies = new Map<Node, Node>()
  const copy = (node: Node): Node => {
    const done = copies.get(node)
    if (done !== undefined) return done
    if (node.kind === 'file') {
      const file = newFile()
      const kept = new Map<number, Uint8Array>()
      for (const sector of node.dirty) if (survives()) kept.set(sector, sectorOf(node, sector))
      const grown = node.cache.length - node.disk.length
      const size =
        survival === 'random'
          ? node.disk.length + Math.floor(random() * (grown + 1))
          : survival === 'none'
            ? node.disk.length
            : node.cache.length
      file.disk = node.disk.slice()
      persist(file, kept, Math.max(size, 0))
      file.cache = file.disk.slice()
      copies.set(node, file)
      return file
    }
    const directory = newDirectory()
    copies.set(node, directory)
    const entries = new Map(node.disk)
    for (const [name, entry] of node.pending) {
      if (!survives()) continue
      if (entry === undefined) entries.delete(name)
      else entries.set(name, entry)
    }
    for (const [name, entry] of entries) {
      const child = copy(entry)
      directory.cache.set(name, child)
      directory.disk.set(name, child)
    }
    return directory
  }
  return copy(root) as DirectoryNode
}

/** The same disk once more, unsynced state included: a moment to come back to. */
export function cloneDisk(root: DirectoryNode): DirectoryNode {
  const copies = new Map<Node, Node>()
  const copy = (node: Node): Node => {
    const done = copies.get(node)
    if (done !== undefined) return done
    if (node.kind === 'file') {
      const { cache, disk, dirty, links, failed } = node
      const file: FileNode = {
        kind: 'file',
        cache: cache.slice(),
        disk: disk.slice(),
        dirty: new Set(dirty),
        links,
        failed,
      }
      copies.set(node, file)
      return file
    }
    const directory = newDirectory()
    copies.set(node, directory)
    for (const [name, entry] of node.cache) directory.cache.set(name, copy(entry))
    for (const [name, entry] of node.disk) directory.disk.set(name, copy(entry))
    for (const [name, entry] of node.pending) directory.pending.set(name, entry === undefined ? undefined : copy(entry))
    return directory
  }
  return copy(root) as DirectoryNode
}
