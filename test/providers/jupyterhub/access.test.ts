import { describe, expect, it } from 'vitest'
import { jupyterhubProvider } from '../../../src/providers/jupyterhub/index.ts'
import type { HttpRequest } from '../../../src/providers/session.ts'
import { badAddresses } from '../../support/bad-addresses.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { signal } from './connection.ts'

const baseUrl = 'https://hub.example.com/jupyter'

/** Asks a hub whose one server, of this user, is ready at this address; what it makes of it, and how many tokens were made. */
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
  const answer = await driver?.access?.(`${user}/n`, signal).catch((error: unknown) => error)
  return { answer, tokens }
}

describe('the address of a server', () => {
  it.each(['/jupyter/user/ada/n/', 'https://hub.example.com:443/jupyter/user/ada/n/'])(
    'on the hub itself comes with a token: %s',
    async (url) => {
      const opened = 'https://hub.example.com/jupyter/user/ada/n/?token=fresh'
      const urls = [{ name: 'jupyter', url: opened }]
      expect((await access(url)).answer).toEqual({ urls, token: 'fresh', authorization: 'token fresh' })
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
  ])('elsewhere comes without one, and none is made: %s', async (url) => {
    const { href } = new URL(url, baseUrl)
    expect(await access(url)).toEqual({ answer: { urls: [{ name: 'jupyter', url: href }] }, tokens: 0 })
  })

  it.each(badAddresses)('that is no http(s) URL is a bad answer, and no token is made: %j', async (url) => {
    expect(await access(url)).toMatchObject({ answer: { code: 'bad_response' }, tokens: 0 })
  })
})

describe('the address of a server of a hub with subdomain_host', () => {
  const subdomainHost = 'https://hub.example.com'

  // Labels as `subdomain_hook_idna` and `subdomain_hook_legacy` of JupyterHub 6.1.1 make them.
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
  ])('comes with a token on the host of its user, %s', async (user, ...labels) => {
    for (const label of labels) {
      const url = `https://${label}.hub.example.com/jupyter/user/x/n/`
      expect(await access(url, { user, subdomainHost })).toMatchObject({ answer: { token: 'fresh' }, tokens: 1 })
    }
  })

  it('comes with a token at the hub itself, and at the port and scheme of subdomain_host', async () => {
    expect(await access('/jupyter/user/ada/n/', { subdomainHost })).toMatchObject({ tokens: 1 })
    const elsewhere = { subdomainHost: 'http://jupyter.test:8000' }
    expect(await access('http://ada.jupyter.test:8000/user/ada/n/', elsewhere)).toMatchObject({ tokens: 1 })
    expect(await access('https://ada.jupyter.test:8000/user/ada/n/', elsewhere)).toMatchObject({ tokens: 0 })
    expect(await access('http://ada.jupyter.test/user/ada/n/', elsewhere)).toMatchObject({ tokens: 0 })
    expect(await access('http://jupyter.test:8000/user/ada/n/', elsewhere)).toMatchObject({ tokens: 0 })
  })

  it.each([
    ['of another user', 'bob.hub.example.com'],
    ['of a service', 'services.hub.example.com'],
    ['below that of the user', 'evil.ada.hub.example.com'],
    ['that only ends like it', 'ada.evilhub.example.com'],
    ['of a user who becomes the same name first', 'xn--mller-kva.hub.example.com', 'Müller'],
  ])('comes without a token on a host %s', async (_what, host, user = 'ada') => {
    const url = `https://${host}/jupyter/user/ada/n/`
    expect(await access(url, { user, subdomainHost })).toEqual({
      answer: { urls: [{ name: 'jupyter', url }] },
      tokens: 0,
    })
  })

  it('is a setting that changes with new credentials alone, like every other that decides where a token goes', () => {
    expect(jupyterhubProvider.endpointSettings).toContain('subdomainHost')
  })
})
