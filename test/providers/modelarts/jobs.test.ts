import { describe, expect, it } from 'vitest'
import { checkSpec, withDefaults } from '../../../src/providers/field-rules.ts'
import type { JobSpec } from '../../../src/vocabulary/spec.ts'
import { textOf } from '../../support/observation-payloads.ts'
import { connectForEachTest, failureOf, rejection, signal, v2 } from './connection.ts'
import { id, job, spec } from './job-samples.ts'

const search = v2('POST', 'training-job-searches')

const on = connectForEachTest()

const driver = () => on.driver('job')
const intent = (changes: Partial<JobSpec> = {}, correlationTag?: string) =>
  on.intent<'job'>({ ...spec, ...changes }, correlationTag)

async function bodyOf(changes: JobSpec): Promise<Record<string, unknown>> {
  on.stub.once(v2('POST', 'training-jobs'), { status: 201, body: job })
  await driver().create(on.intent<'job'>(changes), signal)
  return JSON.parse(on.stub.requests.at(-1)?.body ?? '') as Record<string, unknown>
}

describe('ModelArts training job create', () => {
  it("sends the reference's example byte for byte and reads its sample response", async () => {
    on.stub.once(v2('POST', 'training-jobs'), { status: 201, body: job })
    const created = await driver().create(intent(), signal)
    expect(on.stub.requests[0]?.body).toBe(
      '{"kind":"job","metadata":{"name":"TestModelArtsJob2-syk7m2q9dxwa","description":"This is a ModelArts job2","workspace_id":"0"},"algorithm":{"engine":{"image_url":"org/fastseq:1.2"},"command":"cd /home/ma-user/ddp_demo && sh run_ddp.sh","environments":{"NCCL_DEBUG":"INFO","NCCL_IB_DISABLE":"0"}},"spec":{"resource":{"flavor_id":"modelarts.pool.visual.xlarge","node_count":1,"pool_id":"poolfaf38d76"},"volumes":[{"nfs":{"nfs_server_path":"192.168.0.82:/","local_path":"/home/ma-user/nfs/","read_only":false}}],"log_export_path":{"obs_url":"/training-test/limou/ddp-demo-log/"}}}',
    )
    expect(created).toMatchObject({
      remoteId: id,
      seen: {
        status: 'pending',
        rawState: 'Creating',
        correlationTag: 'k7m2q9dxwa',
        tasks: [
          { id: 'worker-0', name: 'worker-0', status: 'pending' },
          { id: 'server-0', name: 'server-0', status: 'pending' },
        ],
      },
    })
    expect(created.seen).not.toHaveProperty('startedAt')
    expect(textOf(created)).not.toMatch(/AK1|zzz/)
  })

  it('sends exactly the planned request', async () => {
    on.stub.once(v2('POST', 'training-jobs'), { status: 201, body: job })
    const plan = driver().plan(intent())
    await driver().create(intent(), signal)
    expect(`${plan.method} ${plan.target}`).toBe(v2('POST', 'training-jobs'))
    expect(JSON.stringify(plan.body)).toBe(on.stub.requests[0]?.body)
  })

  it('sends an algorithm id with parameters, and the time limit in hours, rounded up', async () => {
    const parameters = [{ name: 'lr', value: '0.01' }]
    const modelarts = {
      algorithm: { id: 'a1' },
      parameters,
      annotations: { 'fault-tolerance/job-retry-num': '3' },
      workspaceId: 'ws1',
    }
    const body = await bodyOf({
      name: 'n',
      resources: { flavor: 'f', nodes: 2 },
      timeLimitSeconds: 3601,
      providerOptions: { modelarts },
    })
    expect(body).toEqual({
      kind: 'job',
      metadata: { name: 'n-syk7m2q9dxwa', workspace_id: 'ws1', annotations: { 'fault-tolerance/job-retry-num': '3' } },
      algorithm: { id: 'a1', parameters },
      spec: { resource: { flavor_id: 'f', node_count: 2 }, auto_stop: { time_unit: 'HOURS', duration: 2 } },
    })
  })

  it('sends code with an engine, inputs, outputs and every kind of volume', async () => {
    const modelarts = {
      algorithm: { codeDir: '/usr/app/', bootFile: '/usr/app/boot.py', localCodeDir: '/home/ma-user/code' },
      engine: { name: 'PyTorch', version: 'pytorch_1.8' },
    }
    const body = await bodyOf({
      name: 'n',
      resources: { flavor: 'f' },
      workingDirectory: '/home/ma-user/code',
      inputs: [
        { name: 'data_url', source: '/bucket/in/', path: '/home/ma-user/in' },
        { name: 'more', source: 'dataset:d1/v2', path: '/home/ma-user/more' },
      ],
      outputs: [{ name: 'train_url', destination: '/bucket/out/', path: '/home/ma-user/out' }],
      mounts: [
        { source: 'nfs:10.0.0.1:/a', path: '/a', readOnly: true },
        { source: 'pfs:/bucket/p', path: '/p' },
        { source: 'obs:/bucket/o', path: '/o' },
      ],
      providerOptions: { modelarts },
    })
    expect(body.algorithm).toEqual({
      code_dir: '/usr/app/',
      boot_file: '/usr/app/boot.py',
      engine: { engine_name: 'PyTorch', engine_version: 'pytorch_1.8' },
      local_code_dir: '/home/ma-user/code',
      working_dir: '/home/ma-user/code',
      inputs: [
        { name: 'data_url', local_dir: '/home/ma-user/in', remote: { obs: { obs_url: '/bucket/in/' } } },
        { name: 'more', local_dir: '/home/ma-user/more', remote: { dataset: { id: 'd1', version_id: 'v2' } } },
      ],
      outputs: [{ name: 'train_url', local_dir: '/home/ma-user/out', remote: { obs: { obs_url: '/bucket/out/' } } }],
    })
    expect(body.spec).toMatchObject({
      volumes: [
        { nfs: { nfs_server_path: '10.0.0.1:/a', local_path: '/a', read_only: true } },
        { pfs: { pfs_path: '/bucket/p', local_path: '/p' } },
        { obs: { obs_path: '/bucket/o', local_path: '/o' } },
      ],
    })
  })

  it('quotes a command into one line', async () => {
    const { script: _, ...rest } = spec
    const body = await bodyOf({ ...rest, command: ['python', 'train.py', "it's"] })
    expect(body.algorithm).toMatchObject({ command: "python train.py 'it'\\''s'" })
  })

  it.each([
    ['2751', 'conflict'],
    ['2755', 'invalid_request'],
    ['2763', 'invalid_request'],
    ['2815', 'quota_exceeded'],
    ['2785', 'permission_denied'],
  ])('maps ModelArts.%s to %s', async (code, providerErrorCode) => {
    on.stub.once(v2('POST', 'training-jobs'), rejection(code))
    expect(await failureOf(driver().create(intent(), signal))).toMatchObject({ code: providerErrorCode })
  })

  it.each<[string, JobSpec, string]>([
    ['a missing program', { name: 'n', resources: { flavor: 'f' } }, '/image'],
    ['an image without a program', { name: 'n', image: 'i:1', resources: { flavor: 'f' } }, '/command'],
    ['neither flavor nor pool', { name: 'n', image: 'i:1', script: 'ls' }, '/resources/flavor'],
    [
      'an incomplete algorithm',
      { ...spec, providerOptions: { modelarts: { algorithm: { codeDir: '/a/' } } } },
      '/providerOptions/modelarts/algorithm',
    ],
    [
      'two algorithms',
      { ...spec, providerOptions: { modelarts: { algorithm: { id: 'a', subscriptionId: 's', itemVersionId: 'v' } } } },
      '/providerOptions/modelarts/algorithm',
    ],
    [
      'an image with an algorithm',
      {
        name: 'n',
        image: 'i:1',
        resources: { flavor: 'f' },
        providerOptions: { modelarts: { algorithm: { id: 'a' } } },
      },
      '/image',
    ],
    [
      'a command with an algorithm',
      {
        name: 'n',
        script: 'ls',
        resources: { flavor: 'f' },
        providerOptions: { modelarts: { algorithm: { id: 'a' } } },
      },
      '/script',
    ],
    ['an input without a name', { ...spec, inputs: [{ source: '/b/', path: '/x' }] }, '/inputs/0/name'],
    [
      'a data set without a version',
      { ...spec, inputs: [{ name: 'a', source: 'dataset:x', path: '/x' }] },
      '/inputs/0/source',
    ],
    ['a mount of an unknown kind', { ...spec, mounts: [{ source: '/b', path: '/x' }] }, '/mounts/0/source'],
    [
      'a read-only mount of OBS',
      { ...spec, mounts: [{ source: 'obs:/b', path: '/x', readOnly: true }] },
      '/mounts/0/readOnly',
    ],
    ['a $ in a variable', { ...spec, environmentVariables: { A: '$HOME' } }, '/environmentVariables/A'],
    ['accelerators', { ...spec, resources: { accelerator: { count: 1 } } }, '/resources/accelerator'],
    ['a long description', { ...spec, description: 'x'.repeat(257) }, '/description'],
  ])('rejects %s', (_name, invalidSpec, pointer) => {
    const { accepts, options, check } = driver()
    const rules = { provider: 'modelarts', accepts, ...(options ? { options } : {}), ...(check ? { check } : {}) }
    const problems = checkSpec(rules, withDefaults(accepts, invalidSpec))
    expect(problems.map((problem) => problem.pointer)).toContain(pointer)
    expect(checkSpec(rules, withDefaults(accepts, spec))).toEqual([])
  })
})

describe('ModelArts training job search', () => {
  const searchBodies = () => on.stub.requests.map(({ body }) => JSON.parse(body))
  const jobAt = (name: string, create_time = 1704164640000) => ({
    ...job,
    metadata: { ...job.metadata, id: name, name, create_time },
  })
  const pageOf = (count: number, create_time: number) =>
    Array.from({ length: count }, (_, index) => jobAt(`j${create_time}-${index}`, create_time - index))

  it('filters by name for one intent', async () => {
    on.stub.once(search, { body: { total: 5059, count: 1, limit: 50, offset: 0, items: [job] } })
    const found = await driver().find([intent()], signal)
    expect(searchBodies()).toEqual([
      {
        offset: 0,
        limit: 50,
        sort_by: 'create_time',
        order: 'desc',
        workspace_id: '0',
        filters: [{ key: 'name', operator: 'like', value: ['TestModelArtsJob2-syk7m2q9dxwa'] }],
      },
    ])
    expect(found.get('k7m2q9dxwa')).toMatchObject({ found: [{ remoteId: id, correlationTag: 'k7m2q9dxwa' }] })
  })

  it('scans page by page for several intents', async () => {
    const now = on.clock.now().getTime()
    on.stub.once(search, { body: { total: 99, count: 51, limit: 50, offset: 0, items: pageOf(50, now) } })
    on.stub.once(search, { body: { total: 99, count: 51, limit: 50, offset: 1, items: [job] } })
    const found = await driver().find([intent(), intent({}, 'bbbbbbbbbb')], signal)
    expect(searchBodies().map(({ offset, filters }) => [offset, filters])).toEqual([
      [0, []],
      [1, []],
    ])
    expect(found.get('k7m2q9dxwa')).toMatchObject({ found: [{ remoteId: id }] })
    expect(found.get('bbbbbbbbbb')).toEqual({ absent: true })
  })

  it('ends the scan at jobs older than the first attempt', async () => {
    const longAgo = on.clock.now().getTime() - 2 * 3_600_000
    on.stub.once(search, { body: { total: 9999, count: 9999, items: pageOf(50, longAgo) } })
    const found = await driver().find([intent(), intent({}, 'bbbbbbbbbb')], signal)
    expect(found.get('bbbbbbbbbb')).toEqual({ absent: true })
    expect(on.stub.requests).toHaveLength(1)
  })

  it('continues the scan if the list is not sorted as requested', async () => {
    const longAgo = on.clock.now().getTime() - 2 * 3_600_000
    on.stub.once(search, { body: { total: 51, count: 51, items: pageOf(50, longAgo).reverse() } })
    on.stub.once(search, { body: { total: 51, count: 51, items: [job] } })
    const found = await driver().find([intent(), intent({}, 'bbbbbbbbbb')], signal)
    expect(found.get('k7m2q9dxwa')).toMatchObject({ found: [{ remoteId: id }] })
  })

  it('is inconclusive if the list is shorter than its count', async () => {
    on.stub.once(search, { body: { total: 1, count: 1, items: [] } })
    expect((await driver().find([intent()], signal)).get('k7m2q9dxwa')).toHaveProperty('inconclusive')
  })

  it('lists page by page', async () => {
    on.stub.once(search, { body: { total: 51, count: 51, items: pageOf(50, 1704164640000) } })
    const first = await driver().list({ cursor: null, watched: [] }, signal)
    expect([first.seen.length, first.next]).toEqual([50, '1'])
    on.stub.once(search, { body: { total: 51, count: 51, items: [job] } })
    expect(await driver().list({ cursor: '1', watched: [] }, signal)).toMatchObject({
      seen: [{ remoteId: id }],
      next: null,
    })
    expect(searchBodies().map(({ offset }) => offset)).toEqual([0, 1])
  })
})
