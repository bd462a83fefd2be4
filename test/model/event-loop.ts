/* The event loop of the model: it turns when the model says so, and a life that is over gets no more of it. */
import type { Random } from '../../src/cli/torture/random.ts'

const atNextTurn: { readonly alive: () => boolean; readonly run: () => void }[] = []
let alive = (): boolean => true

// Timers of lives that are over must not pile up.
const handle = { unref: () => handle, ref: () => handle }
Object.assign(globalThis, {
  setInterval: () => handle,
  setTimeout: () => handle,
  setImmediate: (run: () => void) => {
    atNextTurn.push({ alive, run })
    return handle
  },
})

/** From here on whatever is scheduled belongs to this life, and its clock takes steps by chance. */
export function begin(life: { readonly alive: boolean }, random: Random): void {
  alive = () => life.alive
  let millis = 0
  performance.now = () => (millis += random())
}

/** Lets the microtasks of this tick run, and then one turn. */
export async function turn(): Promise<void> {
  await new Promise<void>((resolve) => queueMicrotask(() => process.nextTick(resolve)))
  for (const immediate of atNextTurn.splice(0)) if (immediate.alive()) immediate.run()
}
