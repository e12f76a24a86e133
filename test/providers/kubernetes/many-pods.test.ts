import { describe, expect, it } from 'vitest'
import { signal, startKubeStubForEachTest, uid } from './kube-stub.ts'

const kube = startKubeStubForEachTest()

const ownerLabel = 'batch.kubernetes.io/controller-uid'
const other = 'aaaaaaaa-0000-4000-a000-000000000002'
const jobsPath = 'GET /apis/batch/v1/namespaces/lab/jobs'
const podsPath = 'GET /api/v1/namespaces/lab/pods'

const jobOf = (name: string, id: string) => ({
  kind: 'Job',
  metadata: { name, uid: id, labels: { 'switchyard/correlation-tag': 'mabc23456789' } },
  spec: {},
  status: { active: 1, ready: 1, startTime: '2026-11-28T11:00:00Z' },
})
const podOf = (name: string, owner: string) => ({
  metadata: { name, labels: { [ownerLabel]: owner } },
  status: { phase: 'Running' },
})

/** Serves pages of pods: the maximum that is read, or one page less with an end. */
function serve(uids: readonly string[], pods: readonly object[], isWhole: boolean): void {
  const selector = { labelSelector: `${ownerLabel} in (${uids.join(',')})`, limit: '500' }
  const pages = isWhole ? 3 : 4
  for (let page = 0; page < pages; page++) {
    const query = new URLSearchParams({ ...selector, ...(page === 0 ? {} : { continue: `page-${page}` }) })
    const metadata = isWhole && page === pages - 1 ? {} : { continue: `page-${page + 1}` }
    kube.stub.once(`${podsPath}?${query}`, { body: { kind: 'PodList', metadata, items: page === 0 ? pods : [] } })
  }
}

const at = '2026-11-28T11:00:00.000000000Z'

describe('Kubernetes pod list beyond the read limit', () => {
  it.each([
    [true, { payload: { pods: [] } }],
    [false, { omits: ['pods'] }],
  ])('is part of the payload only if it is complete: %s', async (isWhole, expected) => {
    const items = [jobOf('a-symabc23456789', uid), jobOf('b-symabc23456780', other)]
    const list = `${jobsPath}?labelSelector=switchyard%2Fcorrelation-tag&limit=100`
    kube.stub.once(list, { body: { kind: 'JobList', metadata: {}, items } })
    serve([uid, other], [podOf('a-0', uid)], isWhole)
    const watched = items.map(({ metadata }) => `${metadata.name}/${metadata.uid}`)
    const { seen } = await kube.job().list({ cursor: null, watched }, signal)
    const [first, second] = seen.map(({ omits = null, payload }) => ({ omits, payload: payload() }))
    expect(first).toMatchObject({ omits: null, payload: { pods: [{ name: 'a-0' }] } })
    expect(second).toMatchObject(expected)
    if (!isWhole) expect(second?.payload).not.toHaveProperty('pods')
  })

  it.each([
    { isWhole: true, text: 'hello\n', lineTimes: [at] },
    {
      ...{ isWhole: false, text: 'hello\n[The logs of further pods are omitted: more than 1 pods.]\n' },
      lineTimes: [at, null],
    },
  ])('adds a note without time to the logs if it is incomplete: $isWhole', async ({ isWhole, ...chunk }) => {
    kube.stub.once(`${jobsPath}/a`, { body: jobOf('a', uid) })
    serve([uid], [podOf('a-0', uid)], isWhole)
    const query = 'container=main&timestamps=true&limitBytes=1048576'
    kube.stub.once(`${podsPath}/a-0/log?${query}`, { body: `${at} hello\n` })
    expect(await kube.job().logs?.(`a/${uid}`, null, signal)).toEqual({ ...chunk, links: [] })
  })
})
