import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliBench, jobYaml, startCliBench } from '../../support/cli-bench.ts'

let bench: CliBench

beforeAll(async () => {
  bench = await startCliBench()
})

afterAll(() => bench.stop())

/** `${{ matrix.name }}` */
const use = (name: string) => ['$', `{{ matrix.${name} }}`].join('')
const sweep = (name: string, code: string, matrix: object): string =>
  `${jobYaml(`exit ${code}`).replace('name: hello', `name: ${name}\nlabels: {sweep: ${name.split('-')[0]}}`)}matrix: ${JSON.stringify(matrix)}\n`
const submit = (yaml: string, ...more: string[]) =>
  bench.cli.run(['jobs', 'submit', '-f', '-', ...more], { input: yaml })

describe('job file with a matrix', () => {
  it('submits one job per combination and waits for all', async () => {
    const yaml = sweep(`good-${use('a')}-${use('b')}`, '0', { a: [1, 2], b: ['x', 'y'], exclude: [{ a: 2, b: 'y' }] })
    const { code, stdout, stderr } = await submit(yaml, '--wait', '--json')
    const jobs: { name: string; status: string }[] = JSON.parse(stdout)
    expect([code, jobs.map(({ name, status }) => `${name} ${status}`)]).toEqual([
      0,
      ['good-1-x succeeded', 'good-1-y succeeded', 'good-2-x succeeded'],
    ])
    expect(stderr.trimEnd().split('\n')).toHaveLength(3)
  })

  it('exits with 1 if any job fails', async () => {
    const { code, stdout } = await submit(sweep(`mixed-${use('code')}`, use('code'), { code: [0, 3] }), '--wait')
    expect([code, stdout]).toEqual([1, expect.stringMatching(/mixed-0 +slurm +succeeded[\s\S]*mixed-3 +slurm +failed/)])
  })

  it('reports each rejected job and submits the others', async () => {
    const { code, stdout, stderr } = await submit(
      sweep(`part-${use('name')}`, '0', { name: ['good', 'no/good'] }),
      '-o',
      'name',
    )
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^job_\w{26}\n$/)])
    expect(stderr).toMatch(/^Rejected: part-no\/good: \/jobs\/1\/name .*\(400 invalid_request\)$/m)
  })

  it('is submitted once per idempotency key', async () => {
    const submitOnce = () =>
      submit(sweep(`once-${use('a')}`, '0', { a: [1, 2] }), '--idempotency-key', 'sweep-1', '-o', 'name')
    const first = await submitOnce()
    expect(first.stdout.trim().split('\n')).toHaveLength(2)
    expect(await submitOnce()).toEqual(first)
  })
})

it('cancel-all cancels matching jobs but none as a dry run', async () => {
  const yaml = sweep(`long-${use('a')}`, '0', { a: [1, 2, 3] }).replace('exit 0', 'sleep 600')
  await submit(yaml)
  const cancelAll = async (...more: string[]) => {
    const { stdout } = await bench.cli.run(['jobs', 'cancel-all', '--label', 'sweep:long', '--json', ...more])
    return JSON.parse(stdout)
  }
  expect(await cancelAll('--dry-run')).toEqual({ dryRun: true, matched: 3, requested: 3, unchanged: 0, unsupported: 0 })
  expect(await cancelAll()).toMatchObject({ dryRun: false, matched: 3, requested: 3 })
  expect(await cancelAll()).toMatchObject({ requested: 0 })
  expect(await bench.cli.run(['jobs', 'cancel-all'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('No filter'),
  })
})

it('a wait survives an outage longer than the retries of one request', async () => {
  const job = { id: 'job_1', name: 'one', status: 'running' }
  let failedCount = 0
  const server = createServer((request, response) => {
    const isBatch = request.method === 'POST'
    // Each request is sent up to five times.
    if (!isBatch && failedCount < 6) {
      failedCount += 1
      return void request.socket.destroy()
    }
    const body = isBatch ? { results: [{ index: 0, job }] } : { data: [{ ...job, status: 'succeeded' }] }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const ended = await bench.cli.run(['jobs', 'submit', '-f', '-', '--wait', '-o', 'name'], {
    input: sweep(`outage-${use('a')}`, '0', { a: [1] }),
    env: { SWITCHYARD_URL: `http://127.0.0.1:${port}` },
  })
  server.close()
  expect([ended.code, ended.stdout, failedCount]).toEqual([0, 'job_1\n', 6])
})
