import { describe, expect, it } from 'vitest'
import { signal, startKubeStubForEachTest, uid } from './kube-stub.ts'

const kube = startKubeStubForEachTest()

const jobsPath = '/apis/batch/v1/namespaces/lab/jobs'
const podsPath = '/api/v1/namespaces/lab/pods'
const ownerLabel = 'batch.kubernetes.io/controller-uid'
const job = (name: string, status: object = { active: 1, ready: 1 }, completions = 2) => ({
  kind: 'Job',
  metadata: { name, uid, labels: {} },
  spec: { completions, parallelism: completions },
  status,
})

interface Pod {
  name: string
  createdAt: string
  index?: number
  containers?: readonly string[]
  annotations?: object
}

const podOf = ({ name, createdAt, index, containers = ['worker'], annotations = {} }: Pod) => ({
  metadata: {
    ...{ name, creationTimestamp: createdAt, labels: { [ownerLabel]: uid } },
    annotations: {
      ...annotations,
      ...(index === undefined ? {} : { 'batch.kubernetes.io/job-completion-index': String(index) }),
    },
  },
  spec: { containers: containers.map((each) => ({ name: each })) },
  status: {
    phase: 'Failed',
    containerStatuses: containers.map((each, at) => ({ name: each, state: { terminated: { exitCode: at + 3 } } })),
  },
})

function serve(pods: readonly object[], completions?: number): void {
  kube.stub.on(`GET ${jobsPath}/nightly`, { body: job('nightly', undefined, completions) })
  const query = new URLSearchParams({ labelSelector: `${ownerLabel} in (${uid})`, limit: '500' })
  kube.stub.on(`GET ${podsPath}?${query}`, { body: { kind: 'PodList', metadata: {}, items: pods } })
}

const read = async () => {
  const seen = await kube.job().get(`nightly/${uid}`, signal)
  return seen === 'gone' ? expect.fail('gone') : seen
}

describe('a Job that another client created', () => {
  it.each([
    ['its only container', ['worker'], {}, 'worker'],
    ['the first of several', ['train', 'sidecar'], {}, 'train'],
    ['the default one', ['sidecar', 'train'], { 'kubectl.kubernetes.io/default-container': 'train' }, 'train'],
    [
      'the first one if the default one does not exist',
      ['a', 'b'],
      { 'kubectl.kubernetes.io/default-container': 'c' },
      'a',
    ],
    [
      'the one that Switchyard names',
      ['proxy', 'main'],
      { 'kubectl.kubernetes.io/default-container': 'proxy' },
      'main',
    ],
  ])('shows log and exit code of %s', async (_name, containers, annotations, expected) => {
    serve([podOf({ name: 'nightly-x', createdAt: '2026-01-05T12:00:00Z', containers, annotations })])
    const query = `container=${expected}&timestamps=true&limitBytes=1048576`
    kube.stub.once(`GET ${podsPath}/nightly-x/log?${query}`, { body: '2026-01-05T12:00:00.000000000Z hello\n' })
    expect(await kube.job().logs?.(`nightly/${uid}`, null, signal)).toMatchObject({
      text: '==> nightly-x <==\nhello\n',
    })
    const { pods } = (await read()).payload() as { pods: readonly unknown[] }
    expect(pods).toHaveLength(1)
  })

  it('has a log whose first part stays the same when a pod replaces the first one', async () => {
    const first = podOf({ name: 'nightly-x', createdAt: '2026-01-05T12:00:00Z' })
    const second = podOf({ name: 'nightly-a', createdAt: '2026-01-05T12:01:00Z' })
    const logs = async (cursor: string | null) => (await kube.job().logs?.(`nightly/${uid}`, cursor, signal))?.text
    for (const [name, text] of Object.entries({ 'nightly-x': 'one', 'nightly-a': 'two' })) {
      const path = `${podsPath}/${name}/log?container=worker&timestamps=true&limitBytes=1048576`
      kube.stub.on(`GET ${path}`, { body: `2026-01-05T12:00:00.000000000Z ${text}\n` })
    }
    serve([first], 1)
    expect(await logs(null)).toBe('one\n')
    serve([first, second], 1)
    expect(await logs(null)).toBe('one\n')
    expect(await logs('1~~0')).toBe('\n==> nightly-a <==\ntwo\n')
  })

  it('has tasks by pod, oldest first, unless each has its index', async () => {
    const first = { name: 'nightly-x', createdAt: '2026-01-05T12:00:00Z' }
    const second = { name: 'nightly-a', createdAt: '2026-01-05T12:01:00Z' }
    serve([podOf(second), podOf(first)])
    expect((await read()).tasks?.map(({ id }) => id)).toEqual(['nightly-x', 'nightly-a'])
    serve([podOf({ ...second, index: 1 }), podOf({ ...first, index: 1 })])
    expect((await read()).tasks?.map(({ id }) => id)).toEqual(['nightly-x', 'nightly-a'])
    serve([podOf({ ...second, index: 1 }), podOf({ ...first, index: 0 })])
    expect((await read()).tasks?.map(({ id }) => id)).toEqual(['0', '1'])
  })

  it('is listed while it is watched, and otherwise only Jobs of Switchyard are', async () => {
    const list = {
      body: {
        kind: 'JobList',
        metadata: {},
        items: [job('nightly', { conditions: [{ type: 'Complete', status: 'True' }] })],
      },
    }
    kube.stub.once(`GET ${jobsPath}?limit=100`, list)
    const watched = [`a-symabc23456789/${uid}`, `nightly/${uid}`]
    expect((await kube.job().list({ cursor: null, watched }, signal)).seen).toMatchObject([
      { remoteId: `nightly/${uid}` },
    ])
    const own = `GET ${jobsPath}?labelSelector=switchyard%2Fcorrelation-tag&limit=100`
    kube.stub.on(own, { body: { kind: 'JobList', metadata: {}, items: [] } })
    for (const ids of [[], watched.slice(0, 1)])
      expect((await kube.job().list({ cursor: null, watched: ids }, signal)).seen).toEqual([])
  })
})
