/** The connection options of a connection URL, including pool limits. */
export interface Connecting {
  channelBinding: string
  connectTimeoutMs?: number
  /** The URL declares a pooler in transaction mode, even if it cannot be detected. */
  isPooled: boolean
  /** Maximum number of connections per process. */
  maxConnections?: number
  /** How long to wait for a free connection. */
  poolTimeoutMs?: number
}

/** Parameters of libpq and Prisma that `pg` does not read from a URL. */
export const connectingParameters: readonly string[] = [
  ...['channel_binding', 'connect_timeout', 'pgbouncer', 'connection_limit', 'pool_timeout'],
]

export function readConnecting(url: string): Connecting {
  const parameters = new URLSearchParams(url.split('?').slice(1).join('?'))
  const numberOf = (name: string, times: number): number | undefined => {
    const value = parameters.get(name)
    return value === null ? undefined : Number(value) * times
  }
  const [connectTimeoutMs, poolTimeoutMs] = [numberOf('connect_timeout', 1000), numberOf('pool_timeout', 1000)]
  const maxConnections = numberOf('connection_limit', 1)
  return {
    channelBinding: parameters.get('channel_binding') ?? 'disable',
    isPooled: parameters.get('pgbouncer') === 'true',
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    ...(maxConnections === undefined ? {} : { maxConnections }),
    ...(poolTimeoutMs === undefined ? {} : { poolTimeoutMs }),
  }
}
