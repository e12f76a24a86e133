import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliBench, startCliBench } from '../../support/cli-bench.ts'
import { makeSlurmJob } from '../../support/remote-jobs.ts'

let bench: CliBench

beforeAll(async () => {
  bench = await startCliBench()
})

afterAll(() => bench.stop())

const run: CliBench['cli']['run'] = (args, options) => bench.cli.run(args, options)

describe('environments', () => {
  it('are created, opened, stopped and deleted with --wait', async () => {
    const input = 'provider: jupyterhub\nname: notebook\n'
    const created = await run(['environments', 'create', '-f', '-', '--wait', '-o', 'name'], { input })
    const id = created.stdout.trim()
    expect([created.code, created.stderr]).toEqual([0, expect.stringMatching(/queued\n[\s\S]*running\n$/)])
    const open = await run(['environments', 'open', id, '--print'])
    expect(open.stdout).toContain(`${bench.sandbox.urls.jupyterhub}/user/`)
    const stop = await run(['envs', 'stop', id, '--wait', '--json'])
    expect([stop.code, JSON.parse(stop.stdout).status]).toEqual([0, 'stopped'])
    expect(stop.stderr).not.toContain('queued')
    expect(await run(['environments', 'open', id, '--print'])).toMatchObject({ code: 1, stdout: '' })
    expect(await run(['environments', 'delete', id, '--wait', '-o', 'name'])).toMatchObject({
      code: 0,
      stdout: `${id}\n`,
    })
    expect((await run(['environments', 'list', '--status', 'deleted', '-o', 'name'])).stdout).toBe(`${id}\n`)
  })

  it('and jobs are imported', async () => {
    const { data } = await bench.switchyard.api.ok('GET', '/connections')
    const connections = data as { id: string; provider: string }[]
    const idOf = (provider: string) => String(connections.find((each) => each.provider === provider)?.id)
    const remoteId = await makeSlurmJob(bench.sandbox, 'exit 0')
    const args = ['import', idOf('slurm'), remoteId, '--set', 'name=nightly', '--set', 'labels.team=vision', '--json']
    const imported = await run(['jobs', ...args])
    expect(imported.code).toBe(0)
    expect(JSON.parse(imported.stdout)).toMatchObject({ imported: true, name: 'nightly', labels: { team: 'vision' } })
    const again = await run(['environments', 'import', idOf('jupyterhub'), 'alice/missing'])
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('Check the id') })
  })

  it('exit with 1 if they cannot start', async () => {
    const fault = bench.sandbox.faults.add({ kind: 'credentials', reason: 'forbidden', provider: 'jupyterhub' })
    const input = 'provider: jupyterhub\nname: rejected\n'
    const created = await run(['environments', 'create', '-f', '-', '--wait', '--timeout', '20s'], { input })
    bench.sandbox.faults.clear(fault.id)
    expect([created.code, created.stdout]).toEqual([1, ''])
    expect(created.stderr).toMatch(/ is failed, not running: .+\. See: switchyard environments get env_\w+\n$/)
  })

  it('exit with 1 if the provider rejects the start, and can be started later', async () => {
    const input = 'provider: jupyterhub\nname: startable\n'
    const created = await run(['environments', 'create', '-f', '-', '--wait', '-o', 'name'], { input })
    const id = created.stdout.trim()
    expect(await run(['environments', 'stop', id, '--wait'])).toMatchObject({ code: 0 })
    const fault = bench.sandbox.faults.add({ kind: 'credentials', reason: 'forbidden', operation: 'servers.start' })
    const rejected = await run(['environments', 'start', id, '--wait', '--timeout', '20s', '--json'])
    bench.sandbox.faults.clear(fault.id)
    expect([rejected.code, JSON.parse(rejected.stdout).status]).toEqual([1, 'stopped'])
    expect(rejected.stderr).toMatch(/ is stopped, not running: .+\. See: switchyard environments get env_\w+\n$/)
    expect(await run(['environments', 'start', id, '--wait'])).toMatchObject({ code: 0 })
  })
})

describe('secrets', () => {
  it('of a connection are read from a file or standard input', async () => {
    const { username, token } = bench.sandbox.accounts.jupyterhub
    const settings = [
      '--set',
      `settings.baseUrl=${bench.sandbox.urls.jupyterhub}`,
      '--set',
      `settings.username=${username}`,
    ]
    const create = ['connections', 'create', '--provider', 'jupyterhub', '--name', 'piped', ...settings]
    const created = await run([...create, '--credentials-file', '-', '-o', 'name'], { input: `token: ${token}\n` })
    expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/^conn_\w{26}\n$/), stderr: '' })
    const id = created.stdout.trim()
    expect(await run(['connections', 'verify', id])).toMatchObject({ code: 0, stdout: 'ok  true\n' })
    await run(['connections', 'update', id, '--hold', '--credentials-file', '-'], {
      input: `jupyterhub: {token: ${'x'.repeat(9)}}`,
    })
    const verified = await run(['connections', 'verify', id])
    expect(verified).toMatchObject({ code: 1, stdout: expect.stringMatching(/^ok +false$/m) })
    const doctor = await run(['admin', 'doctor', '--no-verify'])
    expect([doctor.code, doctor.stdout]).toEqual([
      1,
      expect.stringMatching(/^connections +warning +conn_\w+ +piped is on hold$/m),
    ])
    const input = `credentials: {jupyterhub: {token: ${token}}}`
    const twice = await run(['connections', 'update', id, '-f', '-', '--credentials-file', '/dev/null'], { input })
    expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining('The file of -f has credentials too.') })
    expect(await run(['connections', 'delete', id])).toMatchObject({ code: 0 })
    expect(await run(create)).toMatchObject({ code: 2, stderr: expect.stringContaining('No credentials are given.') })
  })

  it('created by the service are not printed again', async () => {
    const key = await run([
      'keys',
      'create',
      '--name',
      'ci',
      '--scopes',
      'jobs:read,jobs:write',
      '--expires',
      '30d',
      '--json',
    ])
    const { id, key: secret } = JSON.parse(key.stdout)
    const env = { SWITCHYARD_API_KEY: secret }
    expect(await run(['jobs', 'list'], { env })).toMatchObject({ code: 0 })
    expect((await run(['keys', 'get', id])).stdout).not.toContain(secret)
    expect(await run(['keys', 'revoke', id])).toMatchObject({ code: 0 })
    expect((await run(['keys', 'list'])).stdout).toMatch(new RegExp(`^${id} .* revoked `, 'm'))
  })
})
