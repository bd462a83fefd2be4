import { accessSync, constants, lstatSync, mkdtempSync, rmdirSync, statfsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { nodeFileSystem } from '../../journal/file-system.ts'
import { size } from '../figures.ts'
import { messageOf, type Check } from './check.ts'

/** Of `journal` in the settings, what these checks look at. */
export interface JournalPlace {
  readonly dir: string
  readonly allowNetworkFileSystem: boolean
  readonly maxBytes: number
}

const mebibyte = 1_048_576

/** What statfs(2) calls by number. */
const kinds: Readonly<Record<number, string>> = {
  0xef53: 'ext2/3/4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x2fc12fc1: 'zfs',
  0xf2f52010: 'f2fs',
  0x01021994: 'tmpfs',
  0x858458f6: 'ramfs',
  0x794c7630: 'overlayfs',
  0x6969: 'nfs',
  0x517b: 'smb',
  0xff534d42: 'cifs',
  0xfe534d42: 'smb2',
  0x01021997: '9p',
  0x65735546: 'fuse',
  0x00c36400: 'ceph',
}

/** The directory itself or, where it is not there yet, the nearest parent; its checks, the owner's included. */
export function checkDirectory({ dir }: JournalPlace): {
  readonly checks: readonly Check[]
  readonly nearest?: string
} {
  const name = 'directory'
  try {
    const nearest = nodeFileSystem.nearestUsable(dir)
    if (nearest !== resolve(dir)) {
      tryToMakeOne(nearest)
      return {
        checks: [{ name, status: 'ok', found: `${dir} is not there yet; it can be made in ${nearest}` }],
        nearest,
      }
    }
    accessSync(dir, constants.R_OK)
    return { checks: [{ name, status: 'ok', found: `${dir} can be read and written` }, ...checkRights(dir)], nearest }
  } catch (error) {
    const advice = 'give a directory that this user may write (AUDIT_JOURNAL_DIR), or mend its owner and rights'
    const checks: Check[] = [{ name, status: 'fail', found: messageOf(error), advice }]
    const parent = nearestParent(dir)
    return parent === undefined ? { checks } : { checks, nearest: parent }
  }
}

/** Rights alone don't tell: root may write to /proc, which takes no directory. */
function tryToMakeOne(parent: string): void {
  try {
    rmdirSync(mkdtempSync(join(parent, '.otel-audit-doctor-')))
  } catch (cause) {
    throw new Error(`no directory can be made in ${parent}: ${messageOf(cause)}`, { cause })
  }
}

function nearestParent(dir: string): string | undefined {
  for (let at = resolve(dir); ; at = dirname(at)) {
    if (statSync(at, { throwIfNoEntry: false })?.isDirectory()) return at
    if (at === dirname(at)) return undefined
  }
}

function checkRights(dir: string): Check[] {
  if (process.platform === 'win32') return []
  const { mode, uid } = lstatSync(dir)
  const rights = (mode & 0o777).toString(8).padStart(4, '0')
  const me = process.getuid?.() ?? uid
  const checks: Check[] = []
  checks.push(
    (mode & 0o077) === 0
      ? { name: 'permissions', status: 'ok', found: `${rights}, for its owner only` }
      : {
          name: 'permissions',
          status: 'warn',
          found: `${rights}: others than the owner may look in${(mode & 0o022) === 0 ? '' : ' or write'}`,
          advice: `chmod 0700 ${dir}, unless a reader of yours needs it`,
        },
  )
  checks.push(
    uid === me
      ? { name: 'owner', status: 'ok', found: `user ${uid}, the one that runs this` }
      : {
          name: 'owner',
          status: 'warn',
          found: `user ${uid}, but this runs as user ${me}`,
          advice: 'run doctor as the user of the service; if it is that one, chown the directory to it',
        },
  )
  return checks
}

/** Whether what is synced there outlives the machine. */
export function checkFileSystem({ dir, allowNetworkFileSystem }: JournalPlace, nearest: string): Check {
  const name = 'file system'
  const kind = nodeFileSystem.kindOf(nearest)
  const type = statfsSync(nearest).type
  const data = { kind, type: kinds[type] ?? `0x${type.toString(16)}` }
  const found = `${kind}, ${data.type}`
  switch (kind) {
    case 'local':
      return { name, status: 'ok', found, data }
    case 'volatile': {
      const advice =
        data.type === 'overlayfs'
          ? 'a container layer: the records go with the container; mount a volume at the directory'
          : 'memory: the records go with the machine; take a directory on a disk'
      return { name, status: 'warn', found, advice, data }
    }
    case 'network': {
      const advice = `its syncs and locks may promise more than they keep; move ${dir} to a local disk`
      if (allowNetworkFileSystem) return { name, status: 'warn', found: `${found}, allowed by setting`, advice, data }
      const refused = `the library refuses it; ${advice}, or set AUDIT_JOURNAL_ALLOW_NETWORK_FILE_SYSTEM=true`
      return { name, status: 'fail', found, advice: refused, data }
    }
  }
}

/** Bytes and inodes left for new segments. */
export function checkSpace({ maxBytes }: JournalPlace, nearest: string): Check[] {
  const { bsize, bavail, blocks, files, ffree } = statfsSync(nearest)
  const free = bavail * bsize
  const data = { freeBytes: free, totalBytes: blocks * bsize }
  const found = `${size(free)} free of ${size(data.totalBytes)}`
  const records = `about ${Math.floor(free / 1300).toLocaleString('en-US')} records of usual size`
  const advice = 'free space: on a full disk records are refused until there is room again'
  const checks: Check[] = []
  if (free < 16 * mebibyte) checks.push({ name: 'free space', status: 'fail', found, advice, data })
  else if (free < 512 * mebibyte) {
    checks.push({ name: 'free space', status: 'warn', found: `${found}, ${records}`, advice, data })
  } else if (maxBytes !== Infinity && maxBytes > free) {
    const bound = `journal.maxBytes (${size(maxBytes)}) is more than is free: the disk is full first; lower it or free space`
    checks.push({ name: 'free space', status: 'warn', found, advice: bound, data })
  } else checks.push({ name: 'free space', status: 'ok', found: `${found}, ${records}`, data })
  // Some file systems (btrfs) make inodes as they need them and count none.
  if (files === 0) return checks
  const inodes = { freeInodes: ffree }
  const left = `${ffree.toLocaleString('en-US')} free`
  const more = 'remove files: every segment and every stream needs one'
  if (ffree < 100) checks.push({ name: 'inodes', status: 'fail', found: left, advice: more, data: inodes })
  else if (ffree < 5_000) checks.push({ name: 'inodes', status: 'warn', found: left, advice: more, data: inodes })
  else checks.push({ name: 'inodes', status: 'ok', found: left, data: inodes })
  return checks
}
