import { describe, expect, it } from 'vitest'
import { settingsOf } from '../../../src/commands/settings.ts'
import { ConfigError, readConfig } from '../../../src/config/config.ts'

const settings = (env: Record<string, string>) => settingsOf(readConfig({ ...env }))
const OIDC_ISSUER = 'https://issuer.example.com'

describe('OpenID Connect settings', () => {
  it('are absent without an issuer and complete with one', () => {
    expect(settings({})).not.toHaveProperty('oidc')
    expect(settings({ OIDC_ISSUER, OIDC_AUDIENCE: 'a' }).oidc).toEqual({
      issuer: OIDC_ISSUER,
      audiences: ['a'],
      audienceClaim: 'aud',
      projectClaim: 'project',
      scopesClaim: 'scope',
      scopePrefix: '',
    })
  })

  it('contain several audiences, their claim and a scope prefix', () => {
    const env = { OIDC_AUDIENCE: 'a, b', OIDC_AUDIENCE_CLAIM: 'client_id', OIDC_SCOPE_PREFIX: 'api/' }
    expect(settings({ OIDC_ISSUER, ...env }).oidc).toMatchObject({
      audiences: ['a', 'b'],
      audienceClaim: 'client_id',
      scopePrefix: 'api/',
    })
  })

  it.each([
    ['an issuer without an audience', { OIDC_ISSUER }],
    ['an audience without an issuer', { OIDC_AUDIENCE: 'a' }],
    ['an issuer that is not a URL', { OIDC_ISSUER: 'https://[', OIDC_AUDIENCE: 'a' }],
    ['an empty audience', { OIDC_ISSUER, OIDC_AUDIENCE: 'a,,b' }],
  ])('reject %s', (_what, env) => {
    expect(() => settings(env)).toThrow(/OIDC_/)
  })
})

describe('edge settings', () => {
  it.each([
    ['TRUSTED_PROXIES', 'proxy.example'],
    ['TRUSTED_PROXIES', '127.0.0.1,10.0.0.0/33'],
    ['TRUSTED_PROXIES', '10.0.0.0/255.0.255.0'],
    ['PUBLIC_URL', 'http://['],
    ['CORS_ORIGINS', 'https://app.example, http://[x'],
  ])('reject %s=%s by name', (name, value) => {
    expect(() => settings({ [name]: value })).toThrow(ConfigError)
    expect(() => settings({ [name]: value })).toThrow(`- ${name} `)
  })

  it('accept proxies as addresses, ranges, netmasks and names', () => {
    const proxies = ['127.0.0.1', '10.0.0.0/8', '172.16.0.0/255.240.0.0', '::1', 'fc00::/7', 'loopback']
    expect(settings({ TRUSTED_PROXIES: proxies.join(', ') }).edge.trustedProxies).toEqual(proxies)
  })
})
