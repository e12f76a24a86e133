import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below the ephemeral port range, so that no outgoing connection takes a port before it is used. */
const range = { from: 10_000, to: 32_000 }

/** First of `count` consecutive free ports on the loopback interface. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = randomInt(range.from, range.to - count)
    const tries = Array.from({ length: count }, (_, index) => isFree(first + index))
    if ((await Promise.all(tries)).every(Boolean)) return first
  }
}

/** Free port; connections to it are refused until something listens. */
export const freePort = (): Promise<number> => freePorts(1)

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
