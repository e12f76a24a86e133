import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { startTwoInstances } from './two-instances.ts'

const two = startTwoInstances()
const root = fileURLToPath(new URL('../../..', import.meta.url))
const main = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['src/main.ts', ...args], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: two.databaseUrl },
  })

it('key create prints a key for its project and scopes', async () => {
  const { stdout, stderr } = await main('key', 'create', '--name', 'first', '--project', 'lab', '--scopes', 'jobs:read')
  expect(stdout).toMatch(/^sy_\S+\n$/)
  expect(stderr).not.toContain(stdout.trim())
  const caller = two.as(stdout.trim())
  expect((await caller.call('GET', '/jobs')).status).toBe(200)
  expect((await caller.call('GET', '/environments')).status).toBe(403)
  const { data } = await two.admin.ok('GET', '/audit?action=api_key.created')
  expect(data[0].subject).toMatch(/^shell:/)
})

it('key create names an unknown scope', async () => {
  const error = await main('key', 'create', '--name', 'x', '--scopes', 'everything').catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('Unknown scope: everything') })
})
