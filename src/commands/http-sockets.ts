import type { Server as HttpServer } from 'node:http'
import { Server, type Socket } from 'node:net'
import { setImmediate as afterReading, setTimeout as sleep } from 'node:timers/promises'

/** The sockets of a server, known from the first one on, so that they can be ended by what they are used for. */
export interface HttpSockets {
  /** Listens no more, answers what has arrived, and ends every socket without a request. Resolves when none is left. */
  close(): Promise<void>
}

interface Use {
  /** Requests that are not answered yet. */
  requests: number
  /** How much had been read when the last answer was over; 0: nothing was answered. */
  answeredBytes: number
}

const endUnusedIntervalMs = 50
/** Whoever has connected, or begun a request, may take so long for the rest of its headers. */
const headersMs = 1000

export function watchSockets(server: HttpServer): HttpSockets {
  const uses = new Map<Socket, Use>()
  server.on('connection', (socket) => {
    uses.set(socket, { requests: 0, answeredBytes: 0 })
    socket.once('close', () => uses.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    const use = uses.get(socket)
    if (use === undefined) return
    use.requests += 1
    response.once('close', () => {
      use.requests -= 1
      use.answeredBytes = socket.bytesRead
    })
  })

  /** Node's closeIdleConnections() passes over sockets that never sent a whole request, which last until their timeout. */
  function endUnused(isPatient: boolean): void {
    for (const [socket, { requests, answeredBytes }] of uses) {
      const isIdle = answeredBytes > 0 && answeredBytes === socket.bytesRead
      // One that is ended already still writes its last answer.
      if (requests === 0 && !socket.writableEnded && (isIdle || !isPatient)) socket.destroy()
    }
  }

  return {
    async close() {
      const answerHeld = await holdComers(server)
      // http.Server.close() would end idle connections in the same breath.
      const closed = new Promise<void>((resolve) => Server.prototype.close.call(server, () => resolve()))
      answerHeld()
      const patientUntilMs = performance.now() + headersMs
      // Right after the event loop has read what had arrived: a request that was not read would be reset.
      const ending = setInterval(
        () => setImmediate(() => endUnused(performance.now() < patientUntilMs)),
        endUnusedIntervalMs,
      )
      await closed.finally(() => clearInterval(ending))
    },
  }
}

const quietMs = 5
const quietRounds = 3
const maxHeldMs = 200
const ignore = () => {}

/**
 * Accepts connections and answers none, until none has come for some moments. What the system has accepted and this process
 * has not is reset together with the listener; while nothing is answered, hardly any time passes between the two, and who
 * waits for an answer before it connects again does not connect. Resolves right after a turn of the event loop, which has
 * accepted all that had come.
 *
 * @returns answers those that were held
 */
async function holdComers(server: HttpServer): Promise<() => void> {
  const held: Socket[] = []
  const hold = (socket: Socket): void => {
    // Whoever resets it meanwhile has nobody else who hears of that, and an error that nobody hears ends the process.
    socket.on('error', ignore)
    held.push(socket)
  }
  const listeners = server.listeners('connection') as ((socket: Socket) => void)[]
  server.removeAllListeners('connection').on('connection', hold)
  const untilMs = performance.now() + maxHeldMs
  for (let quiet = 0; quiet < quietRounds && performance.now() < untilMs; ) {
    const before = held.length
    await sleep(quietMs)
    await afterReading()
    quiet = held.length === before ? quiet + 1 : 0
  }
  return () => {
    server.off('connection', hold)
    for (const listener of listeners) server.on('connection', listener)
    for (const socket of held) {
      if (socket.destroyed) continue
      server.emit('connection', socket)
      socket.off('error', ignore)
    }
  }
}
