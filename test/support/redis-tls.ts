import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificateAuthority } from './certificate-authority.ts'
import type { RedisDirectives } from './redis-programs.ts'

/** Certificates for Redis, in files that are removed at the end. */
export interface RedisTls {
  /** Directives of a program that uses TLS with them; `tls-port` is up to the caller. */
  directives: RedisDirectives
  /** Settings of the service. */
  env: Readonly<Record<`REDIS_TLS_${'CA_FILE' | 'CERT_FILE' | 'KEY_FILE' | 'SERVER_NAME'}`, string>>
  /** Options of a client of the test. */
  trust: { ca: string; cert: string; key: string; servername: string }
  remove(): void
}

/** Not in the addresses that Sentinels and nodes announce. */
const servername = 'redis.example.internal'

/** Servers and clients identify themselves with a certificate of one authority. */
export function makeRedisTls(): RedisTls {
  const dir = mkdtempSync(join(tmpdir(), 'switchyard-redis-tls-'))
  const file = (name: string, content: string) => {
    writeFileSync(join(dir, name), content)
    return join(dir, name)
  }
  const authority = makeCertificateAuthority()
  const [server, client] = [authority.issue('redis', `DNS:${servername}`), authority.issue('switchyard')]
  const ca = file('ca.pem', authority.certificate)
  return {
    directives: {
      'tls-ca-cert-file': ca,
      'tls-cert-file': file('server.pem', server.certificate),
      'tls-key-file': file('server.key', server.key),
      'tls-auth-clients': 'yes',
    },
    env: {
      REDIS_TLS_CA_FILE: ca,
      REDIS_TLS_CERT_FILE: file('client.pem', client.certificate),
      REDIS_TLS_KEY_FILE: file('client.key', client.key),
      REDIS_TLS_SERVER_NAME: servername,
    },
    trust: { ca: authority.certificate, cert: client.certificate, key: client.key, servername },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}
