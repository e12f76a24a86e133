import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { makeEgress } from '../../src/infra/egress.ts'
import { parseEgressRules } from '../../src/infra/egress-rules.ts'
import { proxyServerOf } from '../../src/infra/proxy-server.ts'
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts'

/** The way out that a connection has: through a proxy of its own. */
export interface ProxiedCalls {
  connector(timeoutMs: number): ReturnType<ReturnType<typeof makeEgress>['connector']>
  /** A connection that a test opens itself, past the proxy. */
  except(socket: Socket): void
  /** Connections that a server on the port has accepted: through the proxy, and past it. */
  accepted(port: number): { proxied: number; direct: number }
  /** Begins again. */
  forget(): void
  close(): Promise<void>
}

/** Watches each connection that a server of this process accepts, however it was opened. */
export async function startProxiedCalls(): Promise<ProxiedCalls> {
  const proxy: ConnectProxy = await startConnectProxy()
  const egress = makeEgress({ rules: parseEgressRules(['127.0.0.1']) })
  let sockets: { port: number; from: number }[] = []
  const exceptions = new Set<number>()
  const note = (message: unknown) => {
    const { localPort, remotePort } = (message as { socket: Socket }).socket
    // A client that has reset its connection by now has no port any more.
    if (localPort !== undefined && remotePort !== undefined) sockets.push({ port: localPort, from: remotePort })
  }
  subscribe('net.server.socket', note)
  return {
    connector: (timeoutMs) => egress.connector(timeoutMs, { proxy: proxyServerOf({ url: proxy.url }) }),
    except: ({ localPort = 0 }) => void exceptions.add(localPort),
    accepted(port) {
      const here = sockets.filter((socket) => socket.port === port && !exceptions.has(socket.from))
      const proxied = here.filter(({ from }) => proxy.tunnelPorts.has(from)).length
      return { proxied, direct: here.length - proxied }
    },
    forget() {
      sockets = []
      exceptions.clear()
    },
    close() {
      unsubscribe('net.server.socket', note)
      return proxy.close()
    },
  }
}
