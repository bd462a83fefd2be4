import type { FileSystem } from './file-system.ts'
import { reserveFileName } from './names.ts'

const reserveBytes = 64 * 1024

/** Room set aside for the moment when the disk is full: given up, it holds the record that tells of the gap. */
export class Reserve {
  readonly #fs: FileSystem
  readonly #file: string

  constructor(fs: FileSystem, journalDirectory: string) {
    this.#fs = fs
    this.#file = `${journalDirectory}/${reserveFileName}`
  }

  /** Makes the file if it is not there. Without room for it nothing happens; it is tried again later. */
  keep(): void {
    if (this.#fs.sizeOf(this.#file) >= reserveBytes) return
    try {
      this.#make()
    } catch {
      // A part of it would only take room from the records.
      this.free()
    }
  }

  /** Gives the room up. False: there was none. */
  free(): boolean {
    if (this.#fs.sizeOf(this.#file) === 0) return false
    try {
      this.#fs.remove(this.#file)
      return true
    } catch {
      return false
    }
  }

  #make(): void {
    const fd = this.#fs.openForReplacing(this.#file)
    try {
      // Real blocks, not a hole; a file system that compresses zeros would give nothing back.
      const filler = Buffer.from('otel-audit reserve '.repeat(reserveBytes / 19 + 1)).subarray(0, reserveBytes)
      if (this.#fs.write(fd, filler, 0, reserveBytes) !== reserveBytes) throw new Error('no room for the reserve')
      this.#fs.sync(fd)
    } finally {
      this.#fs.close(fd)
    }
  }
}
