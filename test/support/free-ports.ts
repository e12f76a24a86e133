import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below what systems give outgoing connections, so that none of the tests' own takes a port before it is used. */
const range = { from: 10_000, to: 32_000 }

/** The first of so many neighbouring ports that are free on the loopback interface. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = randomInt(range.from, range.to - count)
    const tries = Array.from({ length: count }, (_, index) => isFree(first + index))
    if ((await Promise.all(tries)).every(Boolean)) return first
  }
}

/** A port that is free, and where connections are refused as long as nobody listens. */
export const freePort = (): Promise<number> => freePorts(1)

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
