import { Type } from '@sinclair/typebox'
import { type RedisUrl, readRedisUrl } from './redis-url.ts'

const file = { minLength: 1, title: 'a file in PEM format' }

/** Settings of Redis other than its URL. */
export const redisSettings = {
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?(-sentinel|-cluster)?://',
      title:
        '`redis://user:password@host:port/database`, `redis-sentinel://…@host,host/database?sentinelMasterId=name` or ' +
        '`redis-cluster://…@host,host`; with TLS `rediss://`, `rediss-sentinel://` or `rediss-cluster://`',
      description:
        'Redis 6.2 or newer, or Valkey, for the queue and request rates; see docs/redis.md. If absent, both are stored in Postgres.',
    }),
  ),
  REDIS_TLS_CA_FILE: Type.Optional(
    Type.String({
      ...file,
      description: 'Certificates of the authorities that sign the certificates of Redis, instead of the default ones.',
    }),
  ),
  REDIS_TLS_CERT_FILE: Type.Optional(
    Type.String({ ...file, description: 'Client certificate for Redis. Requires `REDIS_TLS_KEY_FILE`.' }),
  ),
  REDIS_TLS_KEY_FILE: Type.Optional(
    Type.String({ ...file, description: 'Its private key, not encrypted. Requires `REDIS_TLS_CERT_FILE`.' }),
  ),
  REDIS_TLS_SERVER_NAME: Type.Optional(
    Type.String({
      pattern: '^([A-Za-z0-9_-]+[.])*[A-Za-z][A-Za-z0-9-]*$',
      title: 'a host name',
      description: 'Name in the certificates of Redis, if it differs from the host that is connected to.',
    }),
  ),
  REDIS_SENTINEL_USERNAME: Type.Optional(
    Type.String({
      minLength: 1,
      title: 'a user name',
      description: 'User at the Sentinels themselves, with `REDIS_SENTINEL_PASSWORD`; `default` if absent.',
    }),
  ),
  REDIS_SENTINEL_PASSWORD: Type.Optional(
    Type.String({
      minLength: 1,
      title: 'text',
      description:
        'Password at the Sentinels themselves. The user and password in `REDIS_URL` are those of the servers.',
    }),
  ),
  REDIS_SENTINEL_TLS: Type.Optional(
    Type.Boolean({
      description: 'Whether the Sentinels use TLS, if it differs from the servers (`rediss-sentinel://`).',
    }),
  ),
}

interface Given {
  REDIS_URL?: string
  REDIS_TLS_CA_FILE?: string
  REDIS_TLS_CERT_FILE?: string
  REDIS_TLS_KEY_FILE?: string
  REDIS_TLS_SERVER_NAME?: string
  REDIS_SENTINEL_USERNAME?: string
  REDIS_SENTINEL_PASSWORD?: string
  REDIS_SENTINEL_TLS?: boolean
}

const tlsNames = ['REDIS_TLS_CA_FILE', 'REDIS_TLS_CERT_FILE', 'REDIS_TLS_KEY_FILE', 'REDIS_TLS_SERVER_NAME'] as const
const sentinelNames = ['REDIS_SENTINEL_USERNAME', 'REDIS_SENTINEL_PASSWORD', 'REDIS_SENTINEL_TLS'] as const

/** Finds settings that contradict each other. Repeats no value. `REDIS_URL` is correctly encoded. */
export function findRedisProblems(config: Given): string[] {
  if (config.REDIS_URL === undefined) return unused(config, [...tlsNames, ...sentinelNames], 'REDIS_URL is not')
  try {
    return findContradictions(config, readRedisUrl(config.REDIS_URL))
  } catch (error) {
    return [`REDIS_URL (not shown) ${(error as Error).message}`]
  }
}

function findContradictions(config: Given, { form, hasTls }: RedisUrl): string[] {
  const problems: string[] = []
  if (form !== 'sentinel')
    problems.push(...unused(config, sentinelNames, 'REDIS_URL names no Sentinels (redis-sentinel://)'))
  if (!hasTls && config.REDIS_SENTINEL_TLS !== true)
    problems.push(...unused(config, tlsNames, 'REDIS_URL does not use TLS (rediss://)'))
  if ((config.REDIS_TLS_CERT_FILE === undefined) !== (config.REDIS_TLS_KEY_FILE === undefined))
    problems.push('REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE require each other. Set both, or neither.')
  if (config.REDIS_SENTINEL_USERNAME !== undefined && config.REDIS_SENTINEL_PASSWORD === undefined)
    problems.push('REDIS_SENTINEL_USERNAME is set and REDIS_SENTINEL_PASSWORD is not. Set both, or leave it out.')
  return problems
}

function unused(config: Given, names: readonly (keyof Given)[], because: string): string[] {
  return names
    .filter((name) => config[name] !== undefined)
    .map((name) => `${name} is set and ${because}. Correct REDIS_URL, or leave ${name} out.`)
}
