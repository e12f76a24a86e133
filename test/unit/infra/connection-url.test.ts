import { describe, expect, it } from 'vitest'
import { nameDatabase, readConnectionUrl } from '../../../src/infra/connection-url.ts'

describe('connection URL', () => {
  it('is unchanged without session settings', () => {
    const url = 'postgresql://alice:p%40ss%2Fw%3Ard%231@db.example:6432/switchyard?sslmode=verify-full'
    expect(readConnectionUrl(url)).toEqual({ url, settings: {} })
  })

  it.each([
    ['options=-c%20search_path%3Dapp', { search_path: 'app' }, ''],
    ['options=-csearch_path%3Dapp%20--statement-timeout%3D5s', { search_path: 'app', statement_timeout: '5s' }, ''],
    ['options=-c%20search_path%3Da%5C%20b,c', { search_path: 'a b,c' }, ''],
    ['options=endpoint%3Dep-1%20-c%20work_mem%3D8MB', { work_mem: '8MB' }, 'endpoint=ep-1'],
    ['options=project%3Dp1', {}, 'project=p1'],
    ['channel_binding=require&connect_timeout=5&pgbouncer=true&connection_limit=5&pool_timeout=9', {}, ''],
    ['search_path=app,public', { search_path: 'app,public' }, ''],
    ['lock_timeout=500&schema=Own', { lock_timeout: '500', search_path: '"Own"' }, ''],
  ])('keeps only connection parameters and returns the session settings of ?%s', (parameters, settings, options) => {
    const read = readConnectionUrl(`postgresql://db.example/switchyard?sslmode=disable&${parameters}`)
    expect(read.settings).toEqual(settings)
    const { searchParams } = new URL(read.url)
    expect(Object.fromEntries(searchParams)).toEqual({ sslmode: 'disable', ...(options === '' ? {} : { options }) })
  })

  it('is displayed without credentials, or as a socket directory', () => {
    expect(nameDatabase('postgresql://alice:hunter2@db.example:6432/switchyard?a=b')).toBe('db.example:6432/switchyard')
    expect(nameDatabase('postgresql://alice@/switchyard?host=/run/postgresql')).toBe('/run/postgresql/switchyard')
  })
})
