import { describe, expect, it } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { forEachTest } from '../support/for-each-test.ts'

const jobs = '/apis/batch/v1/namespaces/training/jobs'

async function startKubernetes() {
  const time = { ms: Date.parse('2026-01-05T00:00:00Z') }
  const sandbox = await startSandbox({ providers: ['kubernetes'], clock: { now: () => time.ms } })
  const { token } = sandbox.accounts.kubernetes
  const send = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const response = await fetch(sandbox.urls.kubernetes + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    // biome-ignore lint/suspicious/noExplicitAny: tests read parts of the body without its type
    const json: any = text.startsWith('{') ? JSON.parse(text) : null
    return { status: response.status, json, text }
  }
  const patch = (path: string, body: object) =>
    send('PATCH', path, body, { 'content-type': 'application/merge-patch+json' })
  return { sandbox, time, send, patch }
}

const kube = forEachTest(startKubernetes, ({ sandbox }) => sandbox.close())

/** The example of https://kubernetes.io/docs/concepts/workloads/controllers/job/, without retries. */
const pi = (more: object = {}, pod: object = {}, name = 'pi') => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name },
  spec: {
    template: {
      spec: {
        containers: [
          { name: 'pi', image: 'perl:5.34.0', command: ['perl', '-Mbignum=bpi', '-wle', 'print bpi(2000)'], ...pod },
        ],
        restartPolicy: 'Never',
      },
    },
    backoffLimit: 0,
    ...more,
  },
})

const conditionsOf = (job: { status: { conditions?: { type: string; reason?: string }[] } }) =>
  (job.status.conditions ?? []).map(({ type, reason }) => [type, reason].filter(Boolean).join(' '))

describe('Kubernetes sandbox', () => {
  it('runs a Job through its states with times', async () => {
    const { status, json } = await kube.send('POST', jobs, pi())
    expect(status).toBe(201)
    expect(json).toMatchObject({ kind: 'Job', metadata: { name: 'pi', creationTimestamp: '2026-01-05T00:00:00Z' } })
    expect((await kube.send('GET', `${jobs}/pi`)).json.status).toMatchObject({ active: 1, ready: 0 })
    kube.time.ms += 300
    expect((await kube.send('GET', `${jobs}/pi`)).json.status).toMatchObject({ active: 1, ready: 1 })
    kube.time.ms += 10_000
    const ended = (await kube.send('GET', `${jobs}/pi`)).json
    expect(conditionsOf(ended)).toEqual(['SuccessCriteriaMet', 'Complete'])
    expect(ended.status).toMatchObject({ succeeded: 1, completionTime: '2026-01-05T00:00:00Z' })
  })

  it.each([
    ['exit 3', 'Error', 3],
    ['allocate-too-much', 'OOMKilled', 137],
  ])('returns the termination of the container for %j', async (script, reason, exitCode) => {
    await kube.send('POST', jobs, pi({}, { command: ['sh', '-c', script] }))
    kube.time.ms += 10_000
    expect(conditionsOf((await kube.send('GET', `${jobs}/pi`)).json)).toContain('Failed BackoffLimitExceeded')
    const { items } = (await kube.send('GET', '/api/v1/namespaces/training/pods')).json
    expect(items[0].status.containerStatuses[0].state.terminated).toMatchObject({ reason, exitCode })
  })

  it('returns AlreadyExists for an existing name, and NotFound for an unknown one', async () => {
    await kube.send('POST', jobs, pi())
    expect((await kube.send('POST', jobs, pi())).json).toMatchObject({
      kind: 'Status',
      reason: 'AlreadyExists',
      code: 409,
      message: 'jobs.batch "pi" already exists',
    })
    expect((await kube.send('GET', `${jobs}/tau`)).json).toMatchObject({
      reason: 'NotFound',
      details: { name: 'tau', group: 'batch', kind: 'jobs' },
    })
  })

  it('drops an unknown field, and rejects it with strict validation', async () => {
    const withUnknownField = pi({ retries: 3 })
    const strict = await kube.send('POST', `${jobs}?fieldValidation=Strict`, withUnknownField)
    expect(strict).toMatchObject({ status: 400, json: { reason: 'BadRequest' } })
    expect(strict.json.message).toContain('unknown field "spec.retries"')
    expect((await kube.send('POST', jobs, withUnknownField)).status).toBe(201)
  })

  it('stores nothing for a dry run', async () => {
    expect((await kube.send('POST', `${jobs}?dryRun=All`, pi())).status).toBe(201)
    expect((await kube.send('GET', `${jobs}/pi`)).status).toBe(404)
    const otherNamespace = jobs.replace('training', 'nowhere')
    expect((await kube.send('POST', `${otherNamespace}?dryRun=All`, pi())).json.message).toBe(
      'namespaces "nowhere" not found',
    )
  })

  it('ends a Job at its deadline, which stops while the Job is suspended', async () => {
    await kube.send('POST', jobs, pi({ suspend: true }))
    await kube.send('POST', jobs, pi({}, { command: ['sleep', '600'] }, 'long'))
    for (const name of ['pi', 'long']) await kube.patch(`${jobs}/${name}`, { spec: { activeDeadlineSeconds: 1 } })
    kube.time.ms += 10_000
    expect(conditionsOf((await kube.send('GET', `${jobs}/pi`)).json)).toEqual(['Suspended JobSuspended'])
    expect(conditionsOf((await kube.send('GET', `${jobs}/long`)).json)).toContain('Failed DeadlineExceeded')
  })

  it('rejects changes and deletion of an object with another UID', async () => {
    await kube.send('POST', jobs, pi())
    const other = '00000000-0000-4000-a000-000000000000'
    const patched = await kube.patch(`${jobs}/pi`, { metadata: { uid: other, annotations: { a: 'b' } } })
    expect(patched).toMatchObject({ status: 409, json: { reason: 'Conflict' } })
    const options = { propagationPolicy: 'Background', preconditions: { uid: other } }
    expect((await kube.send('DELETE', `${jobs}/pi`, options)).status).toBe(409)
  })

  it('lists in pages by labels', async () => {
    for (const name of ['c', 'a', 'b']) {
      const job = pi({}, {}, name)
      await kube.send('POST', jobs, { ...job, metadata: { name, labels: { team: 'vision' } } })
    }
    await kube.send('POST', jobs, pi())
    const namesIn = ({ items }: { items: { metadata: { name: string } }[] }) =>
      items.map(({ metadata }) => metadata.name)
    const first = (await kube.send('GET', `${jobs}?labelSelector=team&limit=2`)).json
    expect(namesIn(first)).toEqual(['a', 'b'])
    const next = encodeURIComponent(first.metadata.continue)
    const last = (await kube.send('GET', `${jobs}?labelSelector=team&limit=2&continue=${next}`)).json
    expect(namesIn(last)).toEqual(['c'])
    expect(last.metadata).not.toHaveProperty('continue')
  })

  it('rejects an invalid token', async () => {
    const { status, json } = await kube.send('GET', jobs, undefined, { authorization: 'Bearer unknown' })
    expect(status).toBe(401)
    expect(json).toMatchObject({ kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized' })
  })
})
