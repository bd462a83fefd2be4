import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for a condition; what `state` tells is in the error when it does not come. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  state: () => unknown,
  timeoutMillis = 30_000,
): Promise<void> {
  for (const deadline = Date.now() + timeoutMillis; !(await condition());) {
    if (Date.now() > deadline)
      throw new Error(`it did not come to pass within ${String(timeoutMillis)} ms: ${String(await state())}`)
    await sleep(50)
  }
}
