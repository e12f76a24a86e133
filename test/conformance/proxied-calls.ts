import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { makeEgress } from '../../src/infra/egress.ts'
import { parseEgressRules } from '../../src/infra/egress-rules.ts'
import { proxyServerOf } from '../../src/infra/proxy-server.ts'
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts'

/** The outgoing path of a connection, through its own proxy. */
export interface ProxiedCalls {
  connector(timeoutMs: number): ReturnType<ReturnType<typeof makeEgress>['connector']>
  /** Excludes a connection that a test opens itself, without the proxy. */
  exclude(socket: Socket): void
  /** Connections that a server on the port accepted, by path. */
  accepted(port: number): { proxied: number; direct: number }
  /** Clears the recorded connections. */
  reset(): void
  close(): Promise<void>
}

/** Records each connection that a server of this process accepts. */
export async function startProxiedCalls(): Promise<ProxiedCalls> {
  const proxy: ConnectProxy = await startConnectProxy()
  const egress = makeEgress({ rules: parseEgressRules(['127.0.0.1']) })
  let sockets: { port: number; from: number }[] = []
  const exceptions = new Set<number>()
  const record = (message: unknown) => {
    const { localPort, remotePort } = (message as { socket: Socket }).socket
    // The port is undefined if the client has already reset the connection.
    if (localPort !== undefined && remotePort !== undefined) sockets.push({ port: localPort, from: remotePort })
  }
  subscribe('net.server.socket', record)
  return {
    connector: (timeoutMs) => egress.connector(timeoutMs, { proxy: proxyServerOf({ url: proxy.url }) }),
    exclude: ({ localPort = 0 }) => void exceptions.add(localPort),
    accepted(port) {
      const here = sockets.filter((socket) => socket.port === port && !exceptions.has(socket.from))
      const proxied = here.filter(({ from }) => proxy.tunnelPorts.has(from)).length
      return { proxied, direct: here.length - proxied }
    },
    reset() {
      sockets = []
      exceptions.clear()
    },
    close() {
      unsubscribe('net.server.socket', record)
      return proxy.close()
    },
  }
}
