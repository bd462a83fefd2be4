import { parentPort } from 'node:worker_threads'
import { digestRange, type FileRange } from './file-range.ts'
import { packRange, type PackedRange } from './packed-range.ts'

/** What a worker answers to a range. */
export type WorkerAnswer =
  { readonly done: PackedRange } | { readonly failed: { readonly message: string; readonly code?: string } }

parentPort?.on('message', (range: FileRange) => {
  parentPort?.postMessage(answer(range))
})

function answer(range: FileRange): WorkerAnswer {
  try {
    return { done: packRange(digestRange(range)) }
  } catch (error) {
    // An error's code does not pass between threads.
    const { message, code } = error as NodeJS.ErrnoException
    return { failed: code === undefined ? { message } : { message, code } }
  }
}
