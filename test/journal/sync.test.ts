import { mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { SyncWorker, type SyncResult } from '../../src/journal/sync.ts'
import { freshDirectory } from './text-journal.ts'

function file(): { fd: number; name: string; directory: number } {
  const directory = freshDirectory()
  mkdirSync(directory)
  const name = path.join(directory, 'file')
  const fd = openSync(name, 'wx+')
  writeSync(fd, 'x')
  return { fd, name, directory: openSync(directory, 'r') }
}

function syncOnce(engine: SyncWorker, fd: number, directories: number[]): Promise<SyncResult> {
  return new Promise((resolve) => engine.request({ file: fd, directories }, resolve))
}

describe('the sync worker', () => {
  it('syncs a file and its directory, and says whether the file has a name', async () => {
    const { fd, name, directory } = file()
    const engine = new SyncWorker()
    expect(await syncOnce(engine, fd, [directory])).toEqual({ ok: true, linked: true })
    unlinkSync(name)
    expect(await syncOnce(engine, fd, [])).toEqual({ ok: true, linked: false })
    engine.close()
  })

  it('tells the error and its place', async () => {
    const { fd } = file()
    const nowhere = 1_000_000
    const engine = new SyncWorker()
    expect(await syncOnce(engine, fd, [nowhere])).toEqual({ ok: false, code: 'EBADF', of: 'directory' })
    expect(await syncOnce(engine, nowhere, [])).toEqual({ ok: false, code: 'EBADF', of: 'file' })
    engine.close()
  })

  it('can be waited for without the event loop', () => {
    const { fd } = file()
    const engine = new SyncWorker()
    let result: SyncResult | undefined
    engine.request({ file: fd, directories: [] }, (one) => (result = one))
    expect(engine.wait(10_000)).toBe(true)
    expect(result).toEqual({ ok: true, linked: true })
    expect(engine.wait(10_000)).toBe(false)
    engine.close()
  })

  it('carries out one at a time: what is asked for meanwhile waits its turn, also what a callback asks for', async () => {
    const { fd } = file()
    const engine = new SyncWorker()
    const order: string[] = []
    const asked = (name: string): Promise<SyncResult> =>
      new Promise((resolve) => {
        engine.request({ file: fd, directories: [] }, (result) => {
          order.push(name)
          if (name === 'first') void asked('from the callback')
          resolve(result)
        })
      })
    const results = Promise.all([asked('first'), asked('second'), asked('third')])
    expect(engine.wait(10_000)).toBe(true)
    expect(order).toEqual(['first'])
    expect(await results).toEqual(Array.from({ length: 3 }, () => ({ ok: true, linked: true })))
    expect(await syncOnce(engine, fd, [])).toEqual({ ok: true, linked: true })
    expect(order).toEqual(['first', 'second', 'third', 'from the callback'])
    engine.close()
  })
})
