import { Cluster } from 'ioredis'
import type { RedisConnection, RedisSettings } from './redis-connection.ts'
import { exercisePermissions } from './redis-permissions.ts'

/** Properties of a Redis server, as it reports them. */
export interface RedisFacts {
  form: RedisSettings['form']
  tls: boolean
  user: string
  /** For example `Redis 7.0.15` or `Valkey 8.1.1`; `unknown` without INFO. */
  version: string
  /** What is evicted when the memory is full: `noeviction`, if the server is set up for a queue; `unknown` without INFO. */
  evictionPolicy: string
  /** The problem and its remedy; null if there is none. */
  problem: string | null
}

type Info = ReadonlyMap<string, string>

const safePolicy = 'noeviction'
const unknown = 'unknown'
/** Redis 6.2. */
const minVersion = 602

/**
 * Reads the facts from INFO, in a cluster from all primaries, then does what the service does, unless it is another kind of
 * server. CONFIG is not needed, which managed services forbid.
 *
 * @throws the error of Redis if it cannot be used
 */
export async function examineRedis(redis: RedisConnection, settings: RedisSettings): Promise<RedisFacts> {
  await redis.ping()
  const nodes = redis instanceof Cluster ? redis.nodes('master') : [redis]
  const infos = await Promise.all(nodes.map((node) => node.info().then(readInfo, (): Info => new Map())))
  const info = infos[0] ?? new Map<string, string>()
  const policies = infos.map((each) => each.get('maxmemory_policy') ?? unknown)
  // A single node that evicts loses messages.
  const evictionPolicy = policies.find((policy) => policy !== safePolicy) ?? policies[0] ?? unknown
  const mistake = findMistake(settings, info)
  if (mistake === null) await exercisePermissions(redis, settings)
  return {
    form: settings.form,
    tls: settings.tls !== undefined,
    user: settings.username ?? 'default',
    version: versionOf(info),
    evictionPolicy,
    problem: mistake ?? evictionProblem(evictionPolicy),
  }
}

function readInfo(text: string): Info {
  return new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const [, name, value] = line.match(/^(\w+):(.*)$/) ?? []
      return name === undefined || value === undefined ? [] : [[name, value] as const]
    }),
  )
}

function versionOf(info: Info): string {
  const valkey = info.get('valkey_version')
  const redis = info.get('redis_version')
  if (valkey !== undefined) return `Valkey ${valkey}`
  return redis === undefined ? unknown : `Redis ${redis}`
}

function findMistake({ form }: RedisSettings, info: Info): string | null {
  const mode = info.get('redis_mode')
  if (mode === 'sentinel') return 'is a Sentinel. Use redis-sentinel:// in REDIS_URL'
  if (mode === 'cluster' && form !== 'cluster') return 'is a node of a cluster. Use redis-cluster:// in REDIS_URL'
  if (info.get('role') === 'slave') return 'is a replica, which accepts no writes. Use the address of the primary'
  const version = info.get('redis_version') ?? unknown
  return isOutdated(version) ? `is version ${version}. Use Redis 6.2 or newer` : null
}

function evictionProblem(evictionPolicy: string): string | null {
  if (evictionPolicy === unknown || evictionPolicy === safePolicy) return null
  return `evicts keys when its memory is full (${evictionPolicy}), and with them wake-up messages. Set maxmemory-policy to noeviction`
}

/** Servers that claim to be Redis 6.2 implement what is needed, whatever their own version is. Not a number: not outdated. */
function isOutdated(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major * 100 + minor < minVersion
}
