import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
}

/** A directory that is gone after the test. */
export function scratch(): string {
  const root = mkdtempSync(path.join(tmpdir(), 'otel-audit-disk-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return root
}

/** Why file systems can't be mounted here; `undefined`: they can. Printed once, so that a skipped test says why. */
export const noMounts = reasonAgainst('mount a tmpfs', (directory) => {
  run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'otel-audit', directory)
  run('umount', directory)
})

/** The same for ext4 on a loop device. */
export const noLoop =
  noMounts ??
  reasonAgainst('attach a loop device', (directory) => {
    const image = path.join(directory, 'image')
    writeFileSync(image, new Uint8Array(4 * 1024 * 1024))
    run('mkfs.ext4', '-q', '-F', image)
    run('losetup', '-d', run('losetup', '--find', '--show', image))
  })

function reasonAgainst(what: string, attempt: (directory: string) => void): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return told(`to ${what} takes root on Linux`)
  const directory = mkdtempSync(path.join(tmpdir(), 'otel-audit-mount-'))
  try {
    attempt(directory)
    return undefined
  } catch (error) {
    return told(`can't ${what} here: ${String(error).split('\n').slice(0, 3).join(' ')}`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function told(reason: string): string {
  process.stdout.write(`skipped: ${reason}\n`)
  return reason
}

export function mountTmpfs(size: string): string {
  const directory = path.join(scratch(), 'tmpfs')
  mkdirSync(directory)
  run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'otel-audit', directory)
  onTestFinished(() => unmount(directory))
  return directory
}

export function remount(directory: string, mode: 'ro' | 'rw'): void {
  run('mount', '-o', `remount,${mode}`, directory)
}

export interface LoopDisk {
  /** Where the ext4 is mounted. */
  readonly directory: string
  /** Where the file behind it lies: a small tmpfs that can be filled. */
  readonly backing: string
  readonly device: string
  /** Forgets what the kernel keeps in memory and mounts anew: what is left is what a power cut would leave. */
  remountFromDisk(): void
}

/**
 * ext4 on a loop device, backed by a file on a tmpfs that can be filled. Only the metadata and the journal of the ext4
 * have room there for certain: its free blocks are holes.
 */
export function mountLoop(backingSize: string, mountOptions: string): LoopDisk {
  const root = scratch()
  const backing = path.join(root, 'backing')
  const directory = path.join(root, 'ext4')
  mkdirSync(backing)
  mkdirSync(directory)
  const sparse = path.join(root, 'image')
  run('truncate', '-s', '32M', sparse)
  run('mkfs.ext4', '-q', '-F', '-b', '4096', '-E', 'lazy_itable_init=0,lazy_journal_init=0', sparse)
  run('mount', '-t', 'tmpfs', '-o', `size=${backingSize}`, 'otel-audit', backing)
  onTestFinished(() => unmount(backing))
  const image = path.join(backing, 'image')
  run('cp', '--sparse=never', sparse, image)
  const device = run('losetup', '--find', '--show', image)
  onTestFinished(() => void run('losetup', '-d', device))
  run('mount', '-o', mountOptions, device, directory)
  onTestFinished(() => unmount(directory))
  run('fstrim', directory)
  return {
    directory,
    backing,
    device,
    remountFromDisk() {
      unmount(directory)
      run('mount', '-o', mountOptions, device, directory)
    },
  }
}

/** What still uses it is a killed child on its way out. */
function unmount(directory: string): void {
  for (let attempt = 0; ; attempt++) {
    try {
      run('umount', directory)
      return
    } catch (error) {
      if (attempt === 50) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
    }
  }
}

/** Fills a file system to the last byte; the undo makes room again. */
export function fill(directory: string): () => void {
  const file = path.join(directory, 'filler')
  for (const block of ['64k', '4k', '512', '1']) {
    try {
      run('dd', 'if=/dev/zero', `of=${file}`, `bs=${block}`, 'oflag=append', 'conv=notrunc')
    } catch {
      // full, as meant
    }
  }
  return () => rmSync(file)
}
