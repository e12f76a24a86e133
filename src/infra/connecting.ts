/** What a connection URL says of how to connect, and of how many connections there may be. */
export interface Connecting {
  channelBinding: string
  connectTimeoutMs?: number
  /** A pooler in transaction mode stands between, whether or not it can be noticed. */
  isPooled: boolean
  /** Connections of a process at most. */
  mostConnections?: number
  /** How long to wait for one of them. */
  poolTimeoutMs?: number
}

/** The parameters of libpq and of Prisma that `pg` reads from no URL. */
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
  const mostConnections = numberOf('connection_limit', 1)
  return {
    channelBinding: parameters.get('channel_binding') ?? 'disable',
    isPooled: parameters.get('pgbouncer') === 'true',
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    ...(mostConnections === undefined ? {} : { mostConnections }),
    ...(poolTimeoutMs === undefined ? {} : { poolTimeoutMs }),
  }
}
