import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { Cluster, Redis, type RedisOptions } from 'ioredis'

type Tls = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername'>

interface Login {
  /** Absent: the user `default`. */
  username?: string
  password?: string
}

/** How Redis is reached. */
export interface RedisSettings extends Login {
  form: 'standalone' | 'sentinel' | 'cluster'
  /** One server, the Sentinels, or some nodes of the cluster. */
  hosts: readonly { host: string; port: number }[]
  /** Logical database; 0 in a cluster. */
  database: number
  /** Absent: no TLS. */
  tls?: Tls
  /** Only with Sentinel: the monitored master, and the login and TLS of the Sentinels themselves. */
  sentinel?: Login & { masterName: string; tls?: Tls }
}

type Options = Omit<RedisOptions, 'replyMapping'>

/** A connection to Redis in any form, with the same commands. */
export type RedisConnection = Redis | Cluster

/** Behavior while Redis is unavailable. */
export interface RedisBehavior {
  /** Null: commands wait until Redis returns. */
  maxRetriesPerRequest: number | null
  /** False: commands fail immediately while there is no connection. */
  enableOfflineQueue: boolean
  /** Time without a response after which a connection is considered lost. */
  socketTimeout: number
  commandTimeout?: number
}

const longestPauseMs = 2000
const retryStrategy = (times: number) => Math.min(times * 100, longestPauseMs)
/** Of one host; unreachable Sentinels and nodes delay a failover by this time. */
const connectTimeout = 5000
const sentinelCommandTimeout = 2000
/** Interval at which the nodes of a cluster are read, in addition to when a response reports a change. */
const slotsRefreshInterval = 10_000

/** Connects in the background and reconnects forever, to another primary after a failover. */
export function connectRedis(
  settings: RedisSettings,
  { enableOfflineQueue, ...behavior }: RedisBehavior,
): RedisConnection {
  const { form, hosts } = settings
  // Without the name of the library: users would need permission for the command that sends it.
  const common: Options = { ...behavior, ...loginOf(settings), connectTimeout, disableClientInfo: true }
  if (form === 'cluster') return connectCluster(settings, { ...common, tls: settings.tls }, enableOfflineQueue)
  const [{ host, port } = { host: '127.0.0.1', port: 6379 }] = hosts
  const database = { db: settings.database, reconnectOnError: isReadOnly, retryStrategy, enableOfflineQueue }
  if (form === 'sentinel') return new Redis({ ...common, ...database, ...sentinelOf(settings) })
  return new Redis({ ...common, ...database, host, port, tls: namedTls(host, settings.tls) })
}

function connectCluster({ hosts }: RedisSettings, redisOptions: Options, enableOfflineQueue: boolean): Cluster {
  return new Cluster([...hosts], {
    redisOptions,
    enableOfflineQueue,
    clusterRetryStrategy: retryStrategy,
    slotsRefreshInterval,
    // Names are resolved when connecting, as certificates are checked against them.
    dnsLookup: (address, callback) => callback(null, address),
  })
}

function sentinelOf({ hosts, tls, sentinel }: RedisSettings): Options {
  const { masterName = '', username, password, tls: sentinelTls } = sentinel ?? {}
  return {
    sentinels: [...hosts],
    name: masterName,
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
    ...(sentinelTls && { sentinelTLS: sentinelTls }),
    ...(tls && { tls, enableTLSForSentinelMode: true }),
    sentinelCommandTimeout,
    sentinelRetryStrategy: retryStrategy,
  }
}

const loginOf = ({ username, password }: Login): Login => ({
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password }),
})

/**
 * Node sends SNI only if `servername` is set; hosted Redis selects the server by it. Only for one server: with
 * Sentinels and in a cluster, the options are those of all hosts.
 */
function namedTls(host: string, tls: Tls | undefined): Tls | undefined {
  return tls === undefined || isIP(host) !== 0 ? tls : { servername: host, ...tls }
}

/**
 * The response of a former primary, which Redis 6.2 embeds in another if a script gets it: reconnects to the current one
 * and sends the command again, if commands wait for connections.
 */
const isReadOnly = ({ message }: Error): 2 | false => (/^READONLY|-READONLY/.test(message) ? 2 : false)
