import type { SyncEngine, SyncRequest, SyncResult } from '../journal/sync.ts'
import type { FaultPlan } from './disk-fault.ts'
import type { FaultFileSystem } from './fault-file-system.ts'

/** Real syncs that fail as planned. */
export class FaultSyncEngine implements SyncEngine {
  readonly #real: SyncEngine
  readonly #files: FaultFileSystem
  readonly #plan: FaultPlan

  constructor(real: SyncEngine, files: FaultFileSystem, plan: FaultPlan) {
    this.#real = real
    this.#files = files
    this.#plan = plan
  }

  request(request: SyncRequest, done: (result: SyncResult) => void): void {
    const { file, directories } = request
    const covers = this.#files.sizeOf(file)
    const ofFile = this.#plan.next('sync')
    const ofDirectory = directories.length > 0 && ofFile === undefined ? this.#plan.next('directory sync') : undefined
    this.#real.request(request, (result) => {
      if (!result.ok) done(result)
      else if (ofFile !== undefined) {
        if (ofFile.persisted === false) this.#files.loseBytes(file)
        done({ ok: false, code: ofFile.code, of: 'file' })
      } else if (ofDirectory !== undefined) {
        if (ofDirectory.persisted === false) this.#files.loseName(file)
        done({ ok: false, code: ofDirectory.code, of: 'directory' })
      } else {
        this.#files.synced(file, covers, directories.length > 0)
        done(result)
      }
    })
  }

  wait(timeoutMillis: number): boolean {
    return this.#real.wait(timeoutMillis)
  }

  poll(): void {
    this.#real.poll()
  }

  close(): void {
    this.#real.close()
  }
}
