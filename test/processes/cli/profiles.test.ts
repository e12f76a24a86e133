import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CliBench, startCliBench } from '../../support/cli-bench.ts'
import { testApiKey } from '../../support/switchyard.ts'

let bench: CliBench

beforeAll(async () => {
  bench = await startCliBench()
})

afterAll(() => bench.stop())

/** Variables of another service that does not exist. */
const elsewhere = { SWITCHYARD_URL: 'http://127.0.0.1:9', SWITCHYARD_API_KEY: 'sy_elsewhere' }
const run = (args: readonly string[], input = '') => bench.cli.run(args, { input, env: elsewhere })
const login = (name: string, ...more: string[]) =>
  run(['login', '--profile', name, '--key-file', '-', ...more], `${testApiKey}\n`)

it('a named profile overrides the URL and key of environment variables', async () => {
  expect(await login('work')).toMatchObject({ code: 2, stderr: expect.stringContaining('No URL is given.') })
  expect(await login('work', '--url', bench.url)).toMatchObject({ code: 0 })
  expect(await login('work')).toMatchObject({ code: 0, stderr: expect.stringContaining(`Logged in to ${bench.url}.`) })
  expect(await run(['providers', 'list', '-o', 'name', '--profile', 'work'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^slurm$/m),
  })
  expect(await run(['providers', 'list'])).toMatchObject({ code: 1, stderr: expect.stringContaining('127.0.0.1:9') })
})

it('profiles are listed without keys, selected and deleted', async () => {
  await login('a', '--url', bench.url)
  await login('b', '--url', bench.url)
  const list = async () => {
    const { stdout } = await run(['profiles', 'list', '--json'])
    expect(stdout).not.toContain(testApiKey)
    return JSON.parse(stdout).filter(({ name }: { name: string }) => name !== 'work')
  }
  expect(await list()).toEqual([
    { name: 'a', url: bench.url, current: false },
    { name: 'b', url: bench.url, current: true },
  ])
  expect(await run(['profiles', 'use', 'a'])).toMatchObject({ code: 0, stderr: 'Profile a is now the current one.\n' })
  expect(await run(['profiles', 'delete', 'b'])).toMatchObject({ code: 0, stderr: 'Profile b is deleted.\n' })
  expect(await list()).toEqual([{ name: 'a', url: bench.url, current: true }])
  expect(await run(['profiles', 'use', 'b'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Profile b does not exist.'),
  })
})
