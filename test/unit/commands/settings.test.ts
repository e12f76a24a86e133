import { describe, expect, it } from 'vitest'
import { settingsOf } from '../../../src/commands/settings.ts'
import { ConfigError, readConfig } from '../../../src/config/config.ts'

const settings = (env: Record<string, string>) => settingsOf(readConfig({ ...env }))
const OIDC_ISSUER = 'https://issuer.example.com'

describe('the settings of OpenID Connect', () => {
  it('are absent unless an issuer is configured, and then as plain as its tokens may be', () => {
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

  it('name several audiences, the claim that holds them, and a prefix of scopes', () => {
    const env = { OIDC_AUDIENCE: 'a, b', OIDC_AUDIENCE_CLAIM: 'client_id', OIDC_SCOPE_PREFIX: 'api/' }
    expect(settings({ OIDC_ISSUER, ...env }).oidc).toMatchObject({
      audiences: ['a', 'b'],
      audienceClaim: 'client_id',
      scopePrefix: 'api/',
    })
  })

  it.each([
    ['an issuer alone', { OIDC_ISSUER }],
    ['an audience alone', { OIDC_AUDIENCE: 'a' }],
    ['an issuer that is no URL', { OIDC_ISSUER: 'https://[', OIDC_AUDIENCE: 'a' }],
    ['an audience that is empty', { OIDC_ISSUER, OIDC_AUDIENCE: 'a,,b' }],
  ])('are refused: %s', (_what, env) => {
    expect(() => settings(env)).toThrow(/OIDC_/)
  })
})

describe('the settings of the edge', () => {
  it.each([
    ['TRUSTED_PROXIES', 'proxy.example'],
    ['TRUSTED_PROXIES', '127.0.0.1,10.0.0.0/33'],
    ['TRUSTED_PROXIES', '10.0.0.0/255.0.255.0'],
    ['PUBLIC_URL', 'http://['],
    ['CORS_ORIGINS', 'https://app.example, http://[x'],
  ])('are refused by name, before anything is started: %s=%s', (name, value) => {
    expect(() => settings({ [name]: value })).toThrow(ConfigError)
    expect(() => settings({ [name]: value })).toThrow(`- ${name} `)
  })

  it('take whatever form of an address or range a proxy is known by', () => {
    const proxies = ['127.0.0.1', '10.0.0.0/8', '172.16.0.0/255.240.0.0', '::1', 'fc00::/7', 'loopback']
    expect(settings({ TRUSTED_PROXIES: proxies.join(', ') }).edge.trustedProxies).toEqual(proxies)
  })
})
