import { describe, expect, it } from 'vitest'
import { jupyterhubProvider } from '../../../src/providers/jupyterhub/index.ts'
import type { HttpRequest } from '../../../src/providers/session.ts'
import { badAddresses } from '../../support/bad-addresses.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { signal } from './connection.ts'

const baseUrl = 'https://hub.example.com/jupyter'

/** Reads the access details of a ready server at this URL. Returns the result and the number of tokens created. */
async function access(url: string, { user = 'ada', ...more }: { user?: string; subdomainHost?: string } = {}) {
  let tokens = 0
  const send = async ({ method }: HttpRequest) => {
    if (method === 'POST') tokens += 1
    const model = { kind: 'user', name: user, servers: { n: { name: 'n', ready: true, url } } }
    const [status, body] = method === 'POST' ? [201, { token: 'fresh' }] : [200, model]
    return { status, headers: { 'content-type': 'application/json' }, text: JSON.stringify(body) }
  }
  const settings = { baseUrl, username: user, tokenInUrl: true, ...more }
  const session = { settings, credentials: { token: 't' }, clock: makeFixedClock() }
  const driver = jupyterhubProvider.open({ ...session, http: { send } }).drivers.environment
  const result = await driver?.access?.(`${user}/n`, signal).catch((error: unknown) => error)
  return { result: result, tokens }
}

describe('JupyterHub server URL', () => {
  it.each(['/jupyter/user/ada/n/', 'https://hub.example.com:443/jupyter/user/ada/n/'])(
    'on the hub has a token: %s',
    async (url) => {
      const openedUrl = 'https://hub.example.com/jupyter/user/ada/n/?token=fresh'
      const urls = [{ name: 'jupyter', url: openedUrl }]
      expect((await access(url)).result).toEqual({ urls, token: 'fresh', authorization: 'token fresh' })
    },
  )

  it.each([
    'https://evil.example.com/',
    'https://evilhub.example.com/?a=b',
    'https://hub.example.com.evil.example.com/',
    'https://hub.example.com@evil.example.com/',
    '//evil.example.com/user/ada/n/',
    '/\\evil.example.com/',
    'http://hub.example.com/jupyter/user/ada/n/',
    'https://hub.example.com:8443/jupyter/user/ada/n/',
    'https://ada.hub.example.com/jupyter/user/ada/n/',
    'https://grafana.hub.example.com/',
  ])('on another host has no token, and none is created: %s', async (url) => {
    const { href } = new URL(url, baseUrl)
    expect(await access(url)).toEqual({ result: { urls: [{ name: 'jupyter', url: href }] }, tokens: 0 })
  })

  it.each(badAddresses)('is rejected if it is not http(s), and no token is created: %j', async (url) => {
    expect(await access(url)).toMatchObject({ result: { code: 'bad_response' }, tokens: 0 })
  })
})

describe('JupyterHub server URL with subdomain_host', () => {
  const subdomainHost = 'https://hub.example.com'

  // Labels computed by `subdomain_hook_idna` and `subdomain_hook_legacy` of JupyterHub 6.1.1.
  it.each([
    ['ada', 'ada', 'ada'],
    ['ada-b', 'ada-b', 'ada-b'],
    ['a--b', 'u-ab--90827a2', 'a--b'],
    ['123', 'u-123--a665a45', '123'],
    ['_x@y', 'u-xy--d1fb832', '_5fx_40y'],
    ['müller', 'xn--mller-kva', 'm_c3_bcller'],
    ['Müller', 'u-mller--a784298', 'm_c3_bcller'],
    ['a.b', 'u-ab--2e7336d', 'a.b'],
    ['-x', 'u-x--a420962', '-x'],
    ['ÅÅ', 'u-x--76539ab', '_c3_85_c3_85'],
    ['日本', 'xn--wgv71a', '_e6_97_a5_e6_9c_ac'],
    ["it's(1)*~", 'u-its1--4e4666e', 'it_27s_281_29_2a_7e'],
  ])('has a token on the host of its user, %s', async (user, ...labels) => {
    for (const label of labels) {
      const url = `https://${label}.hub.example.com/jupyter/user/x/n/`
      expect(await access(url, { user, subdomainHost })).toMatchObject({ result: { token: 'fresh' }, tokens: 1 })
    }
  })

  it('has a token on the hub itself, and on the port and scheme of subdomain_host', async () => {
    expect(await access('/jupyter/user/ada/n/', { subdomainHost })).toMatchObject({ tokens: 1 })
    const otherHost = { subdomainHost: 'http://jupyter.test:8000' }
    expect(await access('http://ada.jupyter.test:8000/user/ada/n/', otherHost)).toMatchObject({ tokens: 1 })
    expect(await access('https://ada.jupyter.test:8000/user/ada/n/', otherHost)).toMatchObject({ tokens: 0 })
    expect(await access('http://ada.jupyter.test/user/ada/n/', otherHost)).toMatchObject({ tokens: 0 })
    expect(await access('http://jupyter.test:8000/user/ada/n/', otherHost)).toMatchObject({ tokens: 0 })
  })

  it.each([
    ['of another user', 'bob.hub.example.com'],
    ['of a service', 'services.hub.example.com'],
    ["below the user's host", 'evil.ada.hub.example.com'],
    ['with a similar suffix', 'ada.evilhub.example.com'],
    ['of a user with the same normalized name', 'xn--mller-kva.hub.example.com', 'Müller'],
  ])('has no token on a host %s', async (_what, host, user = 'ada') => {
    const url = `https://${host}/jupyter/user/ada/n/`
    expect(await access(url, { user, subdomainHost })).toEqual({
      result: { urls: [{ name: 'jupyter', url }] },
      tokens: 0,
    })
  })

  it('depends on an endpoint setting, which changes only with new credentials', () => {
    expect(jupyterhubProvider.endpointSettings).toContain('subdomainHost')
  })
})
