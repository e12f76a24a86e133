import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { sandboxConnections } from '../../src/commands/sandbox-connections.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { startSwitchyard, testApiKey } from '../support/switchyard.ts'
import { createTestDatabase } from '../support/test-database.ts'

const run = promisify(execFile)

const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')

/** The commands under "First job", for this service. */
function commandsFor(url: string): string {
  const block = /<!-- first-job:start -->\n```sh\n(.*?)```/s.exec(readme)?.[1] ?? ''
  return block.replace(/^API=.*$/m, `API=${url}`).replace(/^KEY=.*$/m, `KEY=${testApiKey}`)
}

it('the README commands for a first job work repeatedly', async () => {
  const [database, sandbox] = [await createTestDatabase(), await startSandbox()]
  const switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null })
  for (const connection of sandboxConnections(sandbox)) await switchyard.api.ok('POST', '/connections', connection)
  const commands = commandsFor(switchyard.service.url ?? '')
  const runOnce = async () => (await run('bash', ['-eu', '-c', commands])).stdout.trim().split('\n')
  for (const lines of [await runOnce(), await runOnce()]) {
    const [job, events, rejected, environment, train, logs, deleted] = lines.map((line) => JSON.parse(line))
    expect(job).toMatchObject({ provider: 'slurm', status: 'succeeded', exitCode: 0 })
    expect(events.data.at(-1)).toMatchObject({ type: 'job.succeeded' })
    expect(rejected).toMatchObject({ status: 422, code: 'unsupported', errors: [{ pointer: '/image' }] })
    for (const text of [rejected.title, rejected.detail]) expect(readme).toContain(JSON.stringify(text))
    expect(environment).toMatchObject({ status: 'running' })
    expect(train).toMatchObject({ status: 'succeeded', environmentId: environment.id })
    expect(logs).toMatchObject({ links: [{ url: expect.stringContaining('containerlogs') }] })
    expect(deleted).toMatchObject({ id: environment.id, requestedAction: 'delete' })
  }
  await switchyard.stop()
  await sandbox.close()
  await database.drop()
})
