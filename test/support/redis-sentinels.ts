import { freePorts } from './free-ports.ts'
import { type RedisDirectives, type RedisProgram, startRedisProgram, volatile } from './redis-programs.ts'

/** A primary with a replica, and three Sentinels. */
export interface WatchedRedis {
  masterName: string
  /** At first. */
  primaryPort: number
  replicaPort: number
  sentinelPorts: readonly number[]
  /** The server on a port, to kill or pause it. */
  server(port: number): RedisProgram
  stop(): Promise<void>
}

interface Options {
  servers?: RedisDirectives
  sentinels?: RedisDirectives
  /** Directives of the monitored master, for example its password: `auth-pass secret`. */
  master?: readonly string[]
}

const masterName = 'switchyard-test'

export async function startWatchedRedis(options: Options = {}): Promise<WatchedRedis> {
  const first = await freePorts(5)
  const [primary, replica] = [first, first + 1]
  const sentinelPorts = [first + 2, first + 3, first + 4]
  const own = { ...volatile, ...options.servers }
  const servers = new Map<number, RedisProgram>()
  servers.set(primary, await startRedisProgram(primary, own))
  servers.set(replica, await startRedisProgram(replica, { ...own, replicaof: `127.0.0.1 ${primary}` }))
  const rules = ['down-after-milliseconds', 'failover-timeout'].map((rule) => `${rule} ${masterName} 500`)
  const more = (options.master ?? []).map((rule) => rule.replace(' ', ` ${masterName} `))
  const monitoring = { sentinel: [`monitor ${masterName} 127.0.0.1 ${primary} 2`, ...rules, ...more] }
  const sentinels = await Promise.all(
    sentinelPorts.map((port) => startRedisProgram(port, { ...options.sentinels, ...monitoring }, 'sentinel')),
  )
  return {
    masterName,
    primaryPort: primary,
    replicaPort: replica,
    sentinelPorts,
    server(port) {
      const server = servers.get(port)
      if (server === undefined) throw new Error(`There is no server on port ${port}.`)
      return server
    },
    stop: async () => void (await Promise.all([...sentinels, ...servers.values()].map((each) => each.stop()))),
  }
}
