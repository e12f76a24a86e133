import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sandboxConnection } from '../../../src/commands/sandbox-connections.ts'
import { type CliBench, jobYaml, startCliBench } from '../../support/cli-bench.ts'
import { testApiKey } from '../../support/switchyard.ts'

let bench: CliBench

beforeAll(async () => {
  bench = await startCliBench()
})

afterAll(() => bench.stop())

const run: CliBench['cli']['run'] = (args, options) => bench.cli.run(args, options)
const submit = (script: string, ...more: string[]) =>
  run(['jobs', 'submit', '-f', '-', ...more], { input: jobYaml(script) })
const idIn = (text: string) => /job_[0-9a-z]{26}/.exec(text)?.[0] ?? ''

describe('jobs submit --wait', () => {
  it.concurrent.for([
    ['exit 0', 0, 'succeeded'],
    ['exit 7', 7, 'failed with exit code 7.'],
    ['kill -9 $$', 137, 'failed'],
  ] as const)('maps a job with %s to exit code %i', async ([script, code, text], { expect }) => {
    expect(await submit(script, '--wait')).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(text) })
  })

  it.concurrent('writes one plain line per status without control characters', async ({ expect }) => {
    const { stderr } = await submit('exit 0', '--wait')
    const lines = stderr.trimEnd().split('\n')
    expect(lines.map((line) => line.split('  ')[2])).toEqual(
      expect.arrayContaining(['queued', 'dispatching', 'succeeded']),
    )
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  })

  it.concurrent('prints the finished job if a format is given', async ({ expect }) => {
    const { stdout } = await submit('exit 0', '--wait', '--set', 'name=named', '-o', 'json')
    expect(JSON.parse(stdout)).toMatchObject({ name: 'named', status: 'succeeded', exitCode: 0 })
  })

  it.concurrent('exits with 121 if another client cancels the job', async ({ expect }) => {
    const waiting = submit('sleep 600', '--wait', '--set', 'name=to-cancel')
    const jobsOf = (data: unknown) => (Array.isArray(data) ? data : [])
    const list = await bench.switchyard.api.until('/jobs?namePrefix=to-cancel', ({ data }) => jobsOf(data).length > 0)
    const [{ id }] = jobsOf(list.data)
    await bench.switchyard.api.untilStatus(`/jobs/${id}`, 'running')
    expect(await run(['jobs', 'cancel', id, '-o', 'name'])).toMatchObject({ code: 0, stdout: `${id}\n` })
    expect(await waiting).toMatchObject({ code: 121, stderr: expect.stringContaining('canceled') })
  })

  it.concurrent('exits with 124 after --timeout without canceling the job', async ({ expect }) => {
    const { code, stderr } = await submit('sleep 600', '--wait', '--timeout', '1s')
    expect([code, stderr]).toEqual([124, expect.stringContaining('has not finished within 1.0s and continues.')])
    expect((await bench.switchyard.api.ok('GET', `/jobs/${idIn(stderr)}`)).status).not.toBe('canceled')
  })

  it.concurrent('exits with 125 if the request is rejected', async ({ expect }) => {
    const { code, stderr } = await submit('exit 0', '--wait', '--set', 'image=python:3')
    expect([code, stderr]).toEqual([125, expect.stringContaining('slurm does not support `image`')])
  })

  it.concurrent.for(['SIGINT', 'SIGTERM'] as const)(
    'leaves the job running after %s and prints how to follow it',
    async (signal, { expect }) => {
      const signalAt = { text: '  running', signal }
      const { code, stderr } = await run(['jobs', 'submit', '-f', '-', '--wait'], {
        input: jobYaml('sleep 600'),
        signalAt,
      })
      const id = idIn(stderr)
      expect([code, stderr]).toEqual([130, expect.stringContaining(`Follow it: switchyard jobs watch ${id}.`)])
      expect((await bench.switchyard.api.ok('GET', `/jobs/${id}`)).status).toBe('running')
    },
  )
})

describe('jobs', () => {
  it.concurrent('are submitted once for one idempotency key', async ({ expect }) => {
    const ids = [await submit('exit 0', '--idempotency-key', 'once', '-o', 'name')]
    ids.push(await submit('exit 0', '--idempotency-key', 'once', '-o', 'name'))
    expect(ids[0]).toMatchObject({ code: 0, stdout: expect.stringMatching(/^job_\w{26}\n$/) })
    expect(ids[1]?.stdout).toBe(ids[0]?.stdout)
  })

  it.concurrent('are listed, printed and watched', async ({ expect }) => {
    const { stdout } = await submit('exit 3', '-o', 'name', '--set', 'name=watched')
    const id = stdout.trim()
    const watch = await run(['jobs', 'watch', id])
    expect([watch.code, watch.stdout]).toEqual([3, expect.stringMatching(/queued\n[\s\S]*failed/)])
    const list = await run(['jobs', 'list', '--name-prefix', 'watched', '--status', 'failed,canceled'])
    expect(list.stdout).toMatch(
      /^ID +NAME +PROVIDER +STATUS +REASON +AGE\njob_\w+ +watched +slurm +failed +nonzero_exit +\S+\n$/,
    )
    expect((await run(['jobs', 'get', id])).stdout).toMatch(/^exitCode +3$/m)
    const events = await run(['jobs', 'events', id, '--json'])
    expect(JSON.parse(events.stdout)[0]).toMatchObject({ seq: 1, type: 'job.queued' })
  })

  it.concurrent('print logs to standard output and log links to standard error', async ({ expect }) => {
    const job = `{provider: modelarts, name: logs, image: 'deep-learning/pytorch:2.1', script: 'echo training; sleep 1',
      resources: {flavor: modelarts.vm.gpu.v100}, inputs: [{name: data_url, source: /bucket/data/, path: /data}],
      outputs: [{name: train_url, destination: /bucket/out/, path: /out}]}`
    const { code, stdout, stderr } = await run(['jobs', 'submit', '-f', '-', '--wait', '--logs'], { input: job })
    const logs = await run(['jobs', 'logs', idIn(stderr)])
    expect([code, stdout]).toEqual([0, expect.stringContaining('training\n')])
    expect([stdout, logs.code]).toEqual([logs.stdout, 0])
    expect([stderr, logs.stderr]).toEqual([1, 2].map(() => expect.stringMatching(/^worker-0: https:/m)))
  })

  it.concurrent('print logs with the times of lines, also while they are followed', async ({ expect }) => {
    await bench.switchyard.api.ok('POST', '/connections', sandboxConnection(bench.sandbox, 'kubernetes'))
    const job = "{provider: kubernetes, name: times, image: busybox, script: 'echo one; echo two'}"
    const { stderr } = await run(['jobs', 'submit', '-f', '-', '--wait'], { input: job })
    const read = (...more: string[]) => run(['jobs', 'logs', idIn(stderr), ...more])
    const [plain, timed, followed] = [await read(), await read('--timestamps'), await read('--timestamps', '--follow')]
    expect(plain.stdout).toBe('one\ntwo\n')
    expect(timed.stdout).toMatch(/^\S+Z one\n\S+Z two\n$/)
    expect(followed).toMatchObject({ code: 0, stdout: timed.stdout })
  })

  it.concurrent('are canceled although one is missing, which is reported', async ({ expect }) => {
    const ids: string[] = []
    for (const name of ['one', 'two']) {
      const { stdout } = await submit('sleep 600', '-o', 'name', '--set', `name=${name}`)
      ids.push(stdout.trim())
    }
    const missing = 'job_01arz3ndektsv4rrffq69g5fav'
    const { code, stdout, stderr } = await run(['jobs', 'cancel', missing, ...ids, '--json'])
    const canceled = stdout.trim().split('\n')
    expect([code, canceled.map((line) => JSON.parse(line).id)]).toEqual([1, ids])
    expect(JSON.parse(stderr).error).toMatchObject({ code: 'not_found', message: expect.stringContaining(missing) })
  })

  it.concurrent('without logs are still followed', async ({ expect }) => {
    const { code, stdout, stderr } = await submit('exit 3', '--wait', '--logs')
    expect([code, stdout]).toEqual([3, ''])
    expect(stderr).toMatch(/No logs: Provider slurm .*[\s\S]*failed with exit code 3/)
  })

  it.concurrent('are previewed, with exit code 1 if they are not acceptable', async ({ expect }) => {
    const preview = (...more: string[]) =>
      run(['jobs', 'preview', '-f', '-', '--json', ...more], { input: jobYaml('exit 0') })
    expect(await preview()).toMatchObject({ code: 0, stdout: expect.stringContaining('"valid": true') })
    expect(await preview('--set', 'image=x')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('/image: slurm'),
    })
    expect(await preview('--ask-provider')).toMatchObject({ code: 1, stderr: expect.stringContaining('no dry run') })
  })
})

describe('errors', () => {
  it.concurrent('are JSON on standard error with --json', async ({ expect }) => {
    const { code, stdout, stderr } = await submit('exit 0', '--set', 'resources.cpus=0', '--json')
    expect([code, stdout, JSON.parse(stderr).error]).toMatchObject([
      1,
      '',
      { code: 'invalid_request', status: 400, errors: [{ pointer: '/resources/cpus' }] },
    ])
  })

  it.concurrent.for([
    [['jobs', 'submit', '-f', '/nowhere.yaml'], '/nowhere.yaml cannot be read (ENOENT)'],
    [['jobs', 'list', '--nothing'], "Unknown option '--nothing'."],
    [['jobs', 'submit', '--logs'], '--logs and --timeout require --wait'],
    [['job', 'list'], "Unknown command 'job'"],
  ] as const)('exit with code 2 for invalid usage: %j', async ([args, message], { expect }) => {
    expect(await run(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) })
  })

  it.concurrent('never contain the API key', async ({ expect }) => {
    const all = await run(['jobs', 'list', '--url', 'http://127.0.0.1:9'])
    expect(all).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('127.0.0.1:9') })
    expect(all.stderr).not.toContain(testApiKey)
  })
})

it('a wait with a closed output pipe exits with the code of the job', async () => {
  const { stdout } = await submit('sleep 2; exit 3', '-o', 'name')
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an array of the shell
  const script = '"$1" "$2" jobs watch "$3" | head -n 1; echo "${PIPESTATUS[0]}"'
  const env = {
    PATH: process.env.PATH,
    SWITCHYARD_URL: bench.url,
    SWITCHYARD_API_KEY: testApiKey,
    HOME: bench.cli.home,
  }
  const args = ['-c', script, 'bash', process.execPath, bench.cli.path, stdout.trim()]
  const watch = await promisify(execFile)('bash', args, { env })
  expect(watch).toEqual({ stdout: expect.stringMatching(/^\S+ +job_\w+ +queued\n3\n$/), stderr: expect.any(String) })
})

it('a closed output pipe is not an error', async () => {
  // More than a pipe buffers, so that writing continues after the reader has exited.
  const body = JSON.stringify({ id: 'slurm', text: 'x'.repeat(300_000) })
  const server = createServer((_request, response) => response.setHeader('content-type', 'application/json').end(body))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an array of the shell
  const script = '"$1" "$2" providers get slurm --json | head -n 1; echo "${PIPESTATUS[0]}"'
  const variables = { SWITCHYARD_URL: `http://127.0.0.1:${port}`, SWITCHYARD_API_KEY: testApiKey, HOME: bench.cli.home }
  const env = { PATH: process.env.PATH, ...variables }
  const args = ['-c', script, 'bash', process.execPath, bench.cli.path]
  const { stdout, stderr } = await promisify(execFile)('bash', args, { env })
  server.close()
  expect([stdout, stderr]).toEqual(['{\n0\n', ''])
})
