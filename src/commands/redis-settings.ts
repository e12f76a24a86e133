import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { type Config, ConfigError } from '../config/config.ts'
import { readRedisUrl } from '../config/redis-url.ts'
import type { RedisSettings } from '../infra/redis-connection.ts'

/**
 * Maps the settings of Redis, and reads the files that they name. Null: Redis is not configured.
 *
 * @throws ConfigError if a file cannot be used
 */
export function redisOf(config: Config): RedisSettings | null {
  if (config.REDIS_URL === undefined) return null
  const { hasTls, masterName, ...url } = readRedisUrl(config.REDIS_URL)
  const isSentinelTls = config.REDIS_SENTINEL_TLS ?? hasTls
  const tls = hasTls || isSentinelTls ? tlsOf(config) : {}
  const { REDIS_SENTINEL_USERNAME: username, REDIS_SENTINEL_PASSWORD: password } = config
  return {
    ...url,
    ...(hasTls && { tls }),
    ...(masterName !== undefined && {
      sentinel: {
        masterName,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(isSentinelTls && { tls }),
      },
    }),
  }
}

const files = { ca: 'REDIS_TLS_CA_FILE', cert: 'REDIS_TLS_CERT_FILE', key: 'REDIS_TLS_KEY_FILE' } as const

function tlsOf(config: Config): NonNullable<RedisSettings['tls']> {
  const contents = Object.entries(files).flatMap(([option, name]) => {
    const path = config[name]
    return path === undefined ? [] : [[option, readPem(name, path)] as const]
  })
  const options: { ca?: string; cert?: string; key?: string } = Object.fromEntries(contents)
  const { ca, ...own } = options
  parsed([files.ca], () => ca !== undefined && new X509Certificate(ca))
  parsed([files.cert, files.key], () => createSecureContext(own))
  const { REDIS_TLS_SERVER_NAME: servername } = config
  return { ...options, ...(servername === undefined ? {} : { servername }) }
}

function readPem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigError([`${name} is ${JSON.stringify(path)}, which cannot be read (${code}). Correct it.`])
  }
}

/** OpenSSL's messages contain nothing of the files. */
function parsed(names: readonly string[], parse: () => unknown): void {
  try {
    parse()
  } catch (error) {
    const what = names.length === 1 ? 'is not a file of certificates' : 'are not a certificate and its private key'
    throw new ConfigError([`${names.join(' and ')} ${what} in PEM format (${(error as Error).message}). Correct it.`])
  }
}
