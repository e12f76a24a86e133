import { Socket } from 'node:net'
import { type buildConnector, Client } from 'undici'
import { egressDeniedCode } from './egress-lookup.ts'
import type { ProxyServer } from './proxy-server.ts'

/** The setting of the installation, which clients of a connection cannot change. */
export const operatorProxy = 'EGRESS_PROXY'

/** Why there is no tunnel. Nothing was sent to the destination. */
export type ProxyFailure =
  /** The egress rules deny the proxy's own address, or it does not exist. */
  | 'EGRESS_PROXY_NOT_ALLOWED'
  /** No connection to the proxy, or no HTTP response. */
  | 'EGRESS_PROXY_UNREACHABLE'
  | 'EGRESS_PROXY_AUTHENTICATION'
  /** The proxy's own rules deny the destination. */
  | 'EGRESS_PROXY_DENIED'
  /** The proxy does not reach the destination, or failed itself. */
  | 'EGRESS_PROXY_FAILED'

/** The message contains neither the proxy's credentials nor its response. */
export class EgressProxyError extends Error {
  override readonly name = 'EgressProxyError'
  readonly code: ProxyFailure
  /** The setting that names the proxy: `network.proxy` of the connection, or `EGRESS_PROXY`. */
  readonly field: string

  constructor(code: ProxyFailure, message: string, field: string) {
    super(message)
    this.code = code
    this.field = field
  }
}

export interface TunnelDeps {
  proxy: ProxyServer
  /** Dials the proxy. */
  dial: buildConnector.connector
  /** Starts TLS with the destination inside the tunnel. */
  secure: buildConnector.connector
  timeoutMs: number
  /** The setting that names the proxy. */
  field: string
}

/**
 * Opens sockets through an HTTP proxy by CONNECT, for https and http alike: requests and their signatures stay as they
 * are, and a response of the proxy cannot be mistaken for one of the destination. By undici's client; its ProxyAgent
 * reports neither the status of a refused CONNECT nor which of the two TLS connections failed.
 */
export function makeTunnel(deps: TunnelDeps): buildConnector.connector {
  return (options, callback) => {
    connectThrough(deps, options).then(
      (socket) => {
        if (options.protocol === 'https:') deps.secure({ ...options, httpSocket: socket }, callback)
        else callback(null, socket)
      },
      (error: Error) => callback(error, null),
    )
  }
}

async function connectThrough(deps: TunnelDeps, options: buildConnector.Options): Promise<Socket> {
  const { proxy, timeoutMs, field } = deps
  // One client per tunnel: its only socket becomes the tunnel.
  const client = new Client(proxy.origin, { connect: pinned(deps), headersTimeout: timeoutMs, allowH2: false })
  const path = authorityOf(options)
  const headers = {
    host: path,
    ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }),
  }
  try {
    const { statusCode, socket } = await client.connect({ path, headers })
    const isOpen = statusCode >= 200 && statusCode < 300 && socket instanceof Socket
    // The destination cannot have sent anything yet: undici's next client would reconnect forever.
    if (isOpen && socket.readableLength === 0) return socket
    socket.on('error', () => {}).destroy()
    throw isOpen ? malformed(field) : connectError(statusCode, field)
  } catch (error) {
    await client.destroy()
    throw error instanceof EgressProxyError ? error : unreachable(error, field)
  }
}

/** The server name in TLS is the proxy's; undici would derive it from the `Host` header. */
function pinned({ proxy, dial }: TunnelDeps): buildConnector.connector {
  return (options, callback) => dial({ ...options, servername: serverNameOf(proxy) }, callback)
}

function serverNameOf({ hostname }: ProxyServer): string {
  return /^[\d.]+$|^\[/.test(hostname) ? '' : hostname
}

function authorityOf({ hostname, port, protocol }: buildConnector.Options): string {
  const host = hostname.includes(':') ? `[${hostname}]` : hostname
  return `${host}:${Number(port) || (protocol === 'https:' ? 443 : 80)}`
}

function connectError(status: number, field: string): EgressProxyError {
  const proxy = nameOf(field)
  const suffix = `(HTTP ${status} to CONNECT)`
  // tinyproxy returns 401 for wrong credentials.
  if (status === 407 || status === 401)
    return new EgressProxyError(
      'EGRESS_PROXY_AUTHENTICATION',
      `the ${proxy} requires other credentials ${suffix}`,
      field,
    )
  if (status === 403 || status === 451)
    return new EgressProxyError('EGRESS_PROXY_DENIED', `the ${proxy} does not allow the host ${suffix}`, field)
  return new EgressProxyError('EGRESS_PROXY_FAILED', `the ${proxy} did not connect to the host ${suffix}`, field)
}

function malformed(field: string): EgressProxyError {
  const proxy = nameOf(field)
  const why = `the ${proxy} sent data after its response to CONNECT, before the host could`
  return new EgressProxyError('EGRESS_PROXY_FAILED', why, field)
}

function unreachable(error: unknown, field: string): EgressProxyError {
  const proxy = nameOf(field)
  const code = codeOf(error)
  if (code === egressDeniedCode) {
    const why = `the ${proxy} does not exist, or this installation does not allow calls to it. Its operator can add it to EGRESS_ALLOW`
    return new EgressProxyError('EGRESS_PROXY_NOT_ALLOWED', why, field)
  }
  return new EgressProxyError('EGRESS_PROXY_UNREACHABLE', `no connection to the ${proxy} (${code})`, field)
}

function nameOf(field: string): string {
  return field === operatorProxy ? `egress proxy (${operatorProxy})` : "connection's proxy"
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown }
  return typeof code === 'string' ? code : String(name)
}
