import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'

/** Waits until something holds, at most so long. */
export async function until(condition: () => boolean, millis = 10_000): Promise<void> {
  const deadline = performance.now() + millis
  while (!condition() && performance.now() < deadline) await sleep(50)
  expect(condition(), condition.toString()).toBe(true)
}
