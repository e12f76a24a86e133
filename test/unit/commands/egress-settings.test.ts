import { describe, expect, it } from 'vitest'
import { egressOf, ignoredNoProxy } from '../../../src/commands/egress-settings.ts'
import { ConfigError, readConfig } from '../../../src/config/config.ts'

const egress = (env: Record<string, string>) => egressOf(readConfig({ ...env }))
const EGRESS_PROXY = 'http://proxy.example:3128'

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    egress(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('egress proxy settings', () => {
  it('are absent by default', () => {
    expect(egress({ NO_PROXY: 'not a list!' })).toEqual({ egressAllow: [], allowsUnresolved: false })
  })

  it('separate the credentials from the URL and decode them', () => {
    expect(egress({ EGRESS_PROXY: 'https://us%40er:p%3Ass@proxy.example/' }).egressProxy).toEqual({
      ...{ url: 'https://proxy.example', username: 'us@er', password: 'p:ss' },
      noProxy: [],
    })
  })

  it('prefer EGRESS_NO_PROXY to NO_PROXY', () => {
    const NO_PROXY = 'a.example, .b.example'
    expect(egress({ EGRESS_PROXY, NO_PROXY }).egressProxy?.noProxy).toEqual(['a.example', '.b.example'])
    expect(egress({ EGRESS_PROXY, NO_PROXY, EGRESS_NO_PROXY: '10.0.0.0/8' }).egressProxy?.noProxy).toEqual([
      '10.0.0.0/8',
    ])
  })

  it('ignore and report invalid entries of NO_PROXY', () => {
    const NO_PROXY = 'a.example,10.0.0,<local>,*.b.example,http://us:hunter2@c.example'
    expect(egress({ EGRESS_PROXY, NO_PROXY }).egressProxy?.noProxy).toEqual(['a.example', '*.b.example'])
    const ignored = (env: Record<string, string>) => ignoredNoProxy(readConfig(env))
    expect(ignored({ EGRESS_PROXY, NO_PROXY })).toEqual(['10.0.0', '<local>', '…@c.example'])
    for (const more of [{}, { EGRESS_PROXY, EGRESS_NO_PROXY: 'c.example' }])
      expect(ignored({ NO_PROXY, ...more })).toEqual([])
  })

  it('leave name resolution to the proxy with EGRESS_PROXY_UNRESOLVED', () => {
    expect(egress({ EGRESS_PROXY, EGRESS_PROXY_UNRESOLVED: 'allow' }).allowsUnresolved).toBe(true)
  })

  it.each([
    [{ EGRESS_PROXY: 'socks5://hunter2@proxy.example' }, 'EGRESS_PROXY has an invalid value (not shown)'],
    [{ EGRESS_PROXY: 'http://us:hunter2@[' }, 'EGRESS_PROXY (not shown) is not a URL'],
    [{ EGRESS_PROXY: 'http://us:hunter2/@proxy.example' }, 'EGRESS_PROXY (not shown)'],
    [{ EGRESS_PROXY: 'http://us:hunter2%@proxy.example' }, 'EGRESS_PROXY (not shown) has a %'],
    [{ EGRESS_PROXY: 'http://proxy.example/?hunter2' }, 'EGRESS_PROXY (not shown) has a path'],
    [{ EGRESS_NO_PROXY: 'a.example' }, 'EGRESS_NO_PROXY is set and EGRESS_PROXY is not'],
    [{ EGRESS_PROXY, EGRESS_NO_PROXY: '10.0.0' }, 'EGRESS_NO_PROXY: "10.0.0" is no host'],
    [{ EGRESS_PROXY: 'http://hun%3Ater2:p@proxy.example' }, 'EGRESS_PROXY (not shown) has a colon in its user'],
  ])('reject %o without repeating the URL', (env, message) => {
    const problems = problemsOf(env)
    expect(problems).toEqual([expect.stringContaining(message)])
    expect(problems.join('')).not.toMatch(/hun(%3A|:)?ter2/)
  })
})
