import type { Server as HttpServer } from 'node:http'
import { Server, type Socket } from 'node:net'
import { setImmediate as afterReading, setTimeout as sleep } from 'node:timers/promises'

/** The sockets of a server, tracked from the first connection, so that they can be closed depending on their use. */
export interface HttpSockets {
  /** Stops listening, completes received requests, closes sockets without a request. Resolves when all are closed. */
  close(): Promise<void>
}

interface Use {
  /** Requests without a completed response. */
  requests: number
  /** Bytes read when the last response was completed; 0 = no response yet. */
  respondedBytes: number
}

const endUnusedIntervalMs = 50
/** How long new connections and started requests may take to send the remaining headers. */
const headersMs = 1000

export function watchSockets(server: HttpServer): HttpSockets {
  const uses = new Map<Socket, Use>()
  server.on('connection', (socket) => {
    uses.set(socket, { requests: 0, respondedBytes: 0 })
    socket.once('close', () => uses.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    const use = uses.get(socket)
    if (use === undefined) return
    use.requests += 1
    response.once('close', () => {
      use.requests -= 1
      use.respondedBytes = socket.bytesRead
    })
  })

  /** Node's closeIdleConnections() skips sockets that never sent a complete request; these last until their timeout. */
  function endUnused(isInGracePeriod: boolean): void {
    for (const [socket, { requests, respondedBytes }] of uses) {
      const isIdle = respondedBytes > 0 && respondedBytes === socket.bytesRead
      // An ended socket may still be writing its last response.
      if (requests === 0 && !socket.writableEnded && (isIdle || !isInGracePeriod)) socket.destroy()
    }
  }

  return {
    async close() {
      const respondToHeld = await holdNewRequests(server)
      // http.Server.close() would also close idle connections immediately.
      const closed = new Promise<void>((resolve) => Server.prototype.close.call(server, () => resolve()))
      respondToHeld()
      const graceUntilMs = performance.now() + headersMs
      // Runs after the event loop has read all received data: closing a socket with an unread request would reset it.
      const ending = setInterval(
        () => setImmediate(() => endUnused(performance.now() < graceUntilMs)),
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
 * Accepts connections without responding until none has arrived for a moment. Connections accepted by the system but
 * not by this process are reset when the listener closes. While no responses are sent, this window is short, and
 * clients that wait for a response before they reconnect do not connect. Resolves right after an event loop iteration,
 * which has accepted all pending connections.
 *
 * @returns releases the held connections
 */
async function holdNewRequests(server: HttpServer): Promise<() => void> {
  const held: Socket[] = []
  const hold = (socket: Socket): void => {
    // Held sockets have no other error listener, and an unhandled reset would end the process.
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
