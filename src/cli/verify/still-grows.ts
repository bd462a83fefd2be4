import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** A running service may be in the middle of writing a line; give it a moment. */
export async function stillGrows(file: string, size: number): Promise<boolean> {
  for (let i = 0; i < 5; i++) {
    if ((await stat(file)).size > size) return true
    await sleep(20)
  }
  return false
}
