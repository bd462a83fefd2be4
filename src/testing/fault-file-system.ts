import { closeSync, openSync, writeSync } from 'node:fs'
import type { FileSystem } from '../journal/file-system.ts'
import { systemError, type FaultPlan } from './disk-fault.ts'

interface OpenSegment {
  readonly path: string
  size: number
  /** Through here a sync has succeeded. */
  synced: number
  /** The directories have been synced since it was made. */
  named: boolean
}

/** A real file system whose segments fail as planned. */
export class FaultFileSystem {
  readonly fileSystem: FileSystem
  readonly #real: FileSystem
  readonly #plan: FaultPlan
  readonly #segments = new Map<number, OpenSegment>()

  constructor(real: FileSystem, plan: FaultPlan) {
    this.#real = real
    this.#plan = plan
    this.fileSystem = {
      ...real,
      createSegment: (path) => this.#create(path),
      write: (fd, bytes, start, length) => this.#write(fd, bytes, start, length),
      close: (fd) => {
        this.#segments.delete(fd)
        real.close(fd)
      },
    }
  }

  /** What a segment's size is now: what a sync issued now covers. */
  sizeOf(fd: number): number {
    return this.#segments.get(fd)?.size ?? 0
  }

  synced(fd: number, through: number, directories: boolean): void {
    const segment = this.#segments.get(fd)
    if (segment === undefined) return
    segment.synced = Math.max(segment.synced, through)
    if (directories) segment.named = true
  }

  /** The unsynced bytes are lost: zeros stand where they were, as after a failed writeback. */
  loseBytes(fd: number): void {
    const segment = this.#segments.get(fd)
    // A stream that failed before anything of it was durable is removed while its sync is in flight.
    if (segment === undefined || this.#real.sizeOf(segment.path) === 0) return
    const lost = segment.size - segment.synced
    // Another descriptor: the segment's own appends whatever it is told.
    const again = openSync(segment.path, 'r+')
    try {
      writeSync(again, new Uint8Array(lost), 0, lost, segment.synced)
    } finally {
      closeSync(again)
    }
  }

  /** The directory entry is lost. */
  loseName(fd: number): void {
    const segment = this.#segments.get(fd)
    if (segment !== undefined && !segment.named) this.#real.remove(segment.path)
  }

  #create(path: string): number {
    const fault = this.#plan.next('create')
    if (fault?.persisted === false) throw systemError(fault)
    const fd = this.#real.createSegment(path)
    if (fault !== undefined) {
      this.#real.close(fd)
      throw systemError(fault)
    }
    this.#segments.set(fd, { path, size: 0, synced: 0, named: false })
    return fd
  }

  #write(fd: number, bytes: Uint8Array, start: number, length: number): number {
    const segment = this.#segments.get(fd)
    if (segment === undefined) return this.#real.write(fd, bytes, start, length)
    const fault = this.#plan.next('write')
    if (fault?.persisted === false) throw systemError(fault)
    const asked = fault?.persisted === 'partly' ? Math.floor(length / 2) : length
    const written = this.#real.write(fd, bytes, start, asked)
    segment.size += written
    if (fault?.persisted === true) throw systemError(fault)
    return written
  }
}
