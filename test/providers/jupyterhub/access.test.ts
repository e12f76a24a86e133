import { describe, expect, it } from 'vitest'
import { jupyterhubProvider } from '../../../src/providers/jupyterhub/index.ts'
import type { HttpRequest } from '../../../src/providers/provider.ts'
import { badAddresses } from '../../support/bad-addresses.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { signal } from './connection.ts'

const baseUrl = 'https://hub.example.com/jupyter'

/** Asks a hub whose one server is ready at this address; what it makes of it, and how many tokens were made. */
async function access(url: string) {
  let tokens = 0
  const send = async ({ method }: HttpRequest) => {
    if (method === 'POST') tokens += 1
    const model = { kind: 'user', name: 'ada', servers: { n: { name: 'n', ready: true, url } } }
    const [status, body] = method === 'POST' ? [201, { token: 'fresh' }] : [200, model]
    return { status, headers: { 'content-type': 'application/json' }, text: JSON.stringify(body) }
  }
  const settings = { baseUrl, username: 'ada', tokenInUrl: true }
  const session = { settings, credentials: { token: 't' }, clock: makeFixedClock() }
  const driver = jupyterhubProvider.open({ ...session, http: { send } }).drivers.environment
  const answer = await driver?.access?.('ada/n', signal).catch((error: unknown) => error)
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
  ])('elsewhere comes without one, and none is made: %s', async (url) => {
    const { href } = new URL(url, baseUrl)
    expect(await access(url)).toEqual({ answer: { urls: [{ name: 'jupyter', url: href }] }, tokens: 0 })
  })

  it('may lie below the hub, as with subdomain_host', async () => {
    const { answer } = await access('https://ada.hub.example.com/jupyter/user/ada/n/')
    expect(answer).toMatchObject({ token: 'fresh' })
  })

  it.each(badAddresses)('that is no http(s) URL is a bad answer, and no token is made: %j', async (url) => {
    expect(await access(url)).toMatchObject({ answer: { code: 'bad_response' }, tokens: 0 })
  })
})
