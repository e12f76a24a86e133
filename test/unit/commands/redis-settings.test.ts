import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { redisOf } from '../../../src/commands/redis-settings.ts'
import { readConfig } from '../../../src/config/config.ts'
import { hasOpenssl, makeCertificateAuthority, opensslSkipped } from '../../support/certificate-authority.ts'

describe.skipIf(!hasOpenssl)(`Redis TLS files${opensslSkipped}`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'switchyard-redis-files-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const file = (name: string, content: string) => {
    writeFileSync(join(dir, name), content)
    return join(dir, name)
  }
  const authority = makeCertificateAuthority()
  const [one, two] = [authority.issue('one'), authority.issue('two')]
  const ca = file('ca.pem', authority.certificate)
  const [certificate, key] = [file('one.pem', one.certificate), file('one.key', one.key)]
  const read = (env: Record<string, string>) => redisOf(readConfig({ REDIS_URL: 'rediss://cache', ...env }))

  it('are read for the servers and the Sentinels', () => {
    const settings = read({
      REDIS_URL: 'rediss-sentinel://one,two?sentinelMasterId=main',
      ...{
        REDIS_TLS_CA_FILE: ca,
        REDIS_TLS_CERT_FILE: certificate,
        REDIS_TLS_KEY_FILE: key,
        REDIS_TLS_SERVER_NAME: 'db',
      },
      ...{ REDIS_SENTINEL_USERNAME: 'watcher', REDIS_SENTINEL_PASSWORD: 'secret' },
    })
    const tls = { ca: authority.certificate, cert: one.certificate, key: one.key, servername: 'db' }
    expect(settings?.tls).toEqual(tls)
    expect(settings?.sentinel).toEqual({ masterName: 'main', username: 'watcher', password: 'secret', tls })
  })

  it('apply to the servers only, or to the Sentinels only', () => {
    const url = 'redis-sentinel://one?sentinelMasterId=main'
    const sentinels = read({ REDIS_URL: url, REDIS_SENTINEL_TLS: 'true', REDIS_TLS_CA_FILE: ca })
    expect([sentinels?.tls, sentinels?.sentinel?.tls]).toEqual([undefined, { ca: authority.certificate }])
    const servers = read({ REDIS_URL: url.replace('redis-', 'rediss-'), REDIS_SENTINEL_TLS: 'false' })
    expect([servers?.tls, servers?.sentinel?.tls]).toEqual([{}, undefined])
  })

  it.each([
    [{ REDIS_TLS_CA_FILE: '/no/such/file' }, 'REDIS_TLS_CA_FILE is "/no/such/file", which cannot be read (ENOENT)'],
    [{ REDIS_TLS_CA_FILE: file('text', 'nothing') }, 'REDIS_TLS_CA_FILE is not a file of certificates'],
    [
      { REDIS_TLS_CERT_FILE: certificate, REDIS_TLS_KEY_FILE: file('two.key', two.key) },
      'REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE are not a certificate and its private key',
    ],
    [
      { REDIS_TLS_CERT_FILE: certificate, REDIS_TLS_KEY_FILE: file('locked.key', authority.encrypted(one.key)) },
      'are not a certificate and its private key',
    ],
  ])('reject %o at startup', (env, problem) => {
    expect(() => read(env)).toThrow(problem)
  })
})
