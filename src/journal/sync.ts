import { Worker } from 'node:worker_threads'
import { getSystemErrorName } from 'node:util'

/** One sync: fdatasync of a file, then fsync of directories, then a look whether the file still has a name. */
export interface SyncRequest {
  readonly file: number
  /** At most two: the stream's directory and the journal's. */
  readonly directories: readonly number[]
}

export type SyncResult =
  | { readonly ok: true; readonly linked: boolean }
  | { readonly ok: false; readonly code: string; readonly of: 'file' | 'directory' }

/**
 * Carries out one sync at a time. Two fdatasync in flight on one descriptor would let Linux tell a writeback error to
 * one of them only; the other would say OK over lost data.
 */
export interface SyncEngine {
  /** Starts a sync, after those asked for before it; `done` is called once, from the event loop or from inside {@link wait}. */
  request(request: SyncRequest, done: (result: SyncResult) => void): void
  /** Blocks this thread until the sync in flight is done and its callback has run. False: none is, or not within the time. */
  wait(timeoutMillis: number): boolean
  /** Runs the callback of the sync in flight if it is done already. */
  poll(): void
  close(): void
}

// The slots of the memory shared with the worker.
const asked = 0
const answered = 1
const fileSlot = 2
const directorySlots = [3, 4] as const
const failedErrno = 5
const failedStep = 6
const links = 7

/*
 * Runs in its own thread, so that neither other users of libuv's pool nor a busy event loop delay a sync, and so that
 * the main thread can block on it (in an exit handler, under back-pressure). Inline text: bundlers need not know it.
 */
const program = `
const { workerData } = require('node:worker_threads'); const fs = require('node:fs')
const a = new Int32Array(workerData); let seen = 0
for (;;) {
  Atomics.wait(a, ${asked}, seen); seen = Atomics.load(a, ${asked})
  let step = 0, errno = 0, names = 0
  try {
    fs.fdatasyncSync(a[${fileSlot}]); step = 1
    for (const slot of [${directorySlots.join()}]) if (a[slot] >= 0) fs.fsyncSync(a[slot])
    names = fs.fstatSync(a[${fileSlot}]).nlink
  } catch (error) { errno = error.errno ?? -5 }
  a[${failedErrno}] = errno; a[${failedStep}] = step; a[${links}] = names
  Atomics.store(a, ${answered}, seen); Atomics.notify(a, ${answered})
}`

/** The {@link SyncEngine} of real disks: a small worker thread on the caller's own descriptors. */
export class SyncWorker implements SyncEngine {
  readonly #shared = new Int32Array(new SharedArrayBuffer(32))
  #worker: Worker | undefined
  #pending: { readonly before: number; readonly done: (result: SyncResult) => void } | undefined
  /** A stream that failed may still have a sync in flight when the next one asks for its first. */
  #waiting: { readonly request: SyncRequest; readonly done: (result: SyncResult) => void }[] = []

  /** Starts the thread now rather than at the first request. */
  start(): void {
    if (this.#worker !== undefined) return
    this.#shared.fill(0)
    const worker = new Worker(program, {
      eval: true,
      workerData: this.#shared.buffer,
      name: 'otel-audit sync',
      execArgv: [],
      env: {},
      stdin: false,
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4, stackSizeMb: 1 },
    })
    worker.unref()
    const died = (error?: unknown): void => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      this.#settle({ ok: false, code: error instanceof Error ? error.name : 'EIO', of: 'file' })
    }
    worker.on('error', died)
    worker.on('exit', died)
    this.#worker = worker
  }

  request(request: SyncRequest, done: (result: SyncResult) => void): void {
    if (this.#pending !== undefined || this.#waiting.length > 0) this.#waiting.push({ request, done })
    else this.#begin(request, done)
  }

  #begin(request: SyncRequest, done: (result: SyncResult) => void): void {
    this.start()
    const shared = this.#shared
    const before = Atomics.load(shared, answered)
    this.#pending = { before, done }
    shared[fileSlot] = request.file
    shared[directorySlots[0]] = request.directories[0] ?? -1
    shared[directorySlots[1]] = request.directories[1] ?? -1
    this.#worker?.ref() // a pending sync is somebody's await: it may keep the process alive
    Atomics.add(shared, asked, 1)
    Atomics.notify(shared, asked)
    const answer = Atomics.waitAsync(shared, answered, before)
    if (answer.async) void answer.value.then(() => this.#collect(before))
    else setImmediate(() => this.#collect(before))
  }

  wait(timeoutMillis: number): boolean {
    const pending = this.#pending
    if (pending === undefined) return false
    if (Atomics.wait(this.#shared, answered, pending.before, timeoutMillis) === 'timed-out') return false
    this.#collect(pending.before)
    return true
  }

  poll(): void {
    if (this.#pending !== undefined) this.#collect(this.#pending.before)
  }

  close(): void {
    const worker = this.#worker
    this.#worker = undefined
    this.#waiting = []
    void worker?.terminate()
  }

  #collect(before: number): void {
    if (this.#pending?.before !== before || Atomics.load(this.#shared, answered) === before) return
    const shared = this.#shared
    const errno = shared[failedErrno] ?? 0
    if (errno === 0) this.#settle({ ok: true, linked: (shared[links] ?? 0) > 0 })
    else {
      this.#settle({ ok: false, code: getSystemErrorName(errno), of: shared[failedStep] === 0 ? 'file' : 'directory' })
    }
  }

  #settle(result: SyncResult): void {
    const pending = this.#pending
    if (pending === undefined) return
    this.#pending = undefined
    this.#worker?.unref()
    pending.done(result)
    const next = this.#waiting.shift()
    if (next !== undefined) this.#begin(next.request, next.done)
  }
}
