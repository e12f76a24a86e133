import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

interface Address {
  host: string
  port: number
}

/** TCP proxy that can break or freeze its connections, to simulate network failures. */
export interface TcpProxy {
  port: number
  /** Closes open connections and rejects new ones. */
  cut(): void
  /** Accepts connections and data, and returns nothing. */
  freeze(): void
  mend(): void
  /** Passes new connections to another server. Those that are open stay. */
  redirect(to: Address): void
  close(): Promise<void>
}

export async function startTcpProxy(first: Address): Promise<TcpProxy> {
  let target = first
  let state: 'open' | 'cut' | 'frozen' = 'open'
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(target)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    if (state === 'cut') near.destroy()
    else if (state === 'open') near.pipe(far).pipe(near)
    else near.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const breakAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      state = 'cut'
      breakAll()
    },
    freeze: () => {
      state = 'frozen'
      breakAll()
    },
    mend: () => {
      state = 'open'
      breakAll()
    },
    redirect: (to) => {
      target = to
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        breakAll()
      }),
  }
}
