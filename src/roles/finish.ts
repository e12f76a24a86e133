import { Server } from 'node:net'
import { setImmediate as afterReading, setTimeout as sleep } from 'node:timers/promises'
import type { makeApp } from '../app.ts'
import type { Container } from '../container.ts'
import type { Logger } from '../infra/logger.ts'
import { isDoneWithin } from './closing.ts'

export type App = Awaited<ReturnType<typeof makeApp>>

interface Limits {
  role: 'all' | 'api' | 'worker'
  /** How long requests are still taken, while whoever sends them is turned away to other instances. */
  drainMs: number
  shutdownTimeoutMs: number
  logger: Logger
}

/** How long calls that were cut off may take to be written. */
const writeMs = 3000
const closeIdleEveryMs = 50

/**
 * Proxies are turned away first; then whoever waits for a change is answered, and requests under way are finished. Work is
 * finished beside all that. What does not end within the limit is cut off: a call becomes an unknown outcome and is written
 * as that, a webhook is sent again.
 */
export async function finish(
  container: Container,
  app: App | null,
  { role, drainMs, shutdownTimeoutMs, logger }: Limits,
): Promise<void> {
  const { workers, sender, shutdown } = container
  const working = role === 'api' ? [] : [workers.stop(), sender.stop()]
  const finished = Promise.allSettled([stopAnswering(container, app, drainMs), ...working])
  if (await isDoneWithin(shutdownTimeoutMs, finished)) return
  logger.warn({ shutdownTimeoutMs }, 'calls under way are cut off; they will be looked for')
  shutdown.abort()
  app?.server.closeAllConnections()
  if (!(await isDoneWithin(writeMs, finished))) logger.warn('some work could not be written; its leases will run out')
}

async function stopAnswering({ draining, wake }: Container, app: App | null, drainMs: number): Promise<void> {
  draining.begin()
  if (app !== null) await sleep(drainMs)
  wake.endWaits()
  if (app !== null) await closeHttp(app)
}

/**
 * Listens no more, then ends the connections on which nobody asks. Both right after the event loop has read what had
 * arrived: a connection that was not accepted, or a request that was not read, would be reset.
 */
async function closeHttp(app: App): Promise<void> {
  await untilNobodyComes(app.server)
  // http.Server.close() would end idle connections in the same breath.
  const closed = new Promise<void>((resolve) => Server.prototype.close.call(app.server, () => resolve()))
  const idle = setInterval(() => setImmediate(() => app.server.closeIdleConnections()), closeIdleEveryMs)
  await closed.finally(() => clearInterval(idle))
  await app.close()
}

const quietMs = 10
const roundsOfPatience = 100
const mostRounds = 500

/**
 * What the system has accepted and this process has not is lost with the listener, so it ends when nobody has come for some
 * moments; where they never stop coming, right after a turn of the event loop in which nobody did.
 */
async function untilNobodyComes(server: App['server']): Promise<void> {
  let comers = 0
  const onComer = (): void => {
    comers += 1
  }
  server.on('connection', onComer).on('request', onComer)
  for (let round = 0, before = -1; round < mostRounds && comers !== before; round += 1) {
    before = comers
    if (round < roundsOfPatience) await sleep(quietMs)
    await afterReading()
  }
  server.off('connection', onComer).off('request', onComer)
}
