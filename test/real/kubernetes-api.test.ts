import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { buildLimitMs } from './kubernetes-build.ts'
import { clusterRequirements } from './kubernetes-cluster.ts'
import {
  jobsPath,
  type KubernetesFixture,
  remoteNameOf,
  setsPath,
  startKubernetesFixture,
} from './kubernetes-fixture.ts'
import { image } from './kubernetes-image.ts'
import { describePreviews } from './kubernetes-previews.ts'
import { describeReal } from './requirements.ts'
import { startCuttingProxy } from './slurm-proxy.ts'

describeReal('Kubernetes control plane behind Switchyard', clusterRequirements(), () => {
  let fixture: KubernetesFixture

  beforeAll(async () => {
    fixture = await startKubernetesFixture()
  }, buildLimitMs)
  afterAll(() => fixture?.stop())

  const at = ({ id }: ApiRecord) => `/jobs/${id}`
  const cancel = (job: ApiRecord) => fixture.switchyard.api.ok('POST', `${at(job)}/cancel`)
  const attemptsOf = async (job: ApiRecord) => (await fixture.switchyard.api.ok('GET', `${at(job)}/attempts`)).data

  describePreviews(() => fixture)

  describe('verification', () => {
    const verify = async (request: Parameters<KubernetesFixture['connect']>[0]) => {
      const { id } = await fixture.connect(request)
      return (await fixture.switchyard.api.call('POST', `/connections/${id}/verify`)).body
    }
    const certificate = (user: string, groups?: readonly string[]) => ({
      credentials: {},
      network: { clientCertificate: fixture.cluster.authority.issue(user, groups) },
    })

    it('accepts a token with the documented permissions', async () => {
      expect(await verify({})).toMatchObject({ ok: true })
    })

    it('accepts a client certificate', async () => {
      expect(await verify(certificate('root', ['system:masters']))).toMatchObject({ ok: true })
    })

    it('accepts a kubeconfig, of which only the parts are stored', async () => {
      const { certificate: cert, key } = fixture.cluster.authority.issue('lea', ['system:masters'])
      const base64 = (text: string) => Buffer.from(text).toString('base64')
      const cluster = {
        server: fixture.cluster.url,
        'certificate-authority-data': base64(fixture.cluster.caCertificate),
      }
      const user = { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }
      const kubeconfig = JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'a' },
        clusters: [{ name: 'a', cluster }],
        users: [{ name: 'a', user }],
        contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      })
      const connection = await fixture.connect({ credentials: { kubeconfig } })
      expect(connection).toMatchObject({ network: { clientCertificate: { subject: 'O=system:masters, CN=lea' } } })
      const { body } = await fixture.switchyard.api.call('POST', `/connections/${connection.id}/verify`)
      expect(body).toMatchObject({ ok: true })
    })

    it.each([
      ['an unknown token', { credentials: { token: 'unknown' } }, 'credentials.token'],
      ['a missing namespace', { settings: { namespace: 'missing' } }, 'credentials.token'],
      ['a missing service account', { settings: { serviceAccount: 'missing' } }, 'settings.serviceAccount'],
      ['Kueue, which is not installed', { settings: { kueue: true } }, 'settings.kueue'],
    ])('reports the field of %s', async (_name, request, field) => {
      expect(await verify(request)).toMatchObject({ ok: false, field })
    })

    it('reports the namespace to an account with access to all', async () => {
      const request = { ...certificate('root2', ['system:masters']), settings: { namespace: 'missing' } }
      expect(await verify(request)).toMatchObject({ ok: false, field: 'settings.namespace' })
    })

    it('reports the certificate of an account without permissions', async () => {
      const result = await verify(certificate('without-permissions'))
      expect(result).toMatchObject({ ok: false, code: 'permission_denied', field: 'network.clientCertificate' })
    })

    it('reports certificate authorities that did not sign the server certificate', async () => {
      const result = await verify({ network: { caCertificate: fixture.cluster.authority.issue('other').certificate } })
      expect(result).toMatchObject({ ok: false, field: 'network.caCertificate' })
    })
  })

  describe('waiting job', () => {
    it('reports that no node is available, and is canceled', async () => {
      const job = await fixture.submit()
      const waiting = await fixture.switchyard.api.until(at(job), ({ statusMessage }) => statusMessage !== undefined)
      expect(waiting).toMatchObject({ status: 'pending', remote: { state: 'Pending' } })
      expect(waiting.statusMessage).toContain('Unschedulable: no nodes available')
      await cancel(job)
      expect(await fixture.ended(job)).toMatchObject({ status: 'canceled', remote: { state: 'Canceled' } })
      expect(await fixture.jobsNamed(job.name)).toHaveLength(1)
    })

    it('is deleted by a cancel if another client suspended it', async () => {
      const job = await fixture.submit()
      const name = remoteNameOf(await fixture.until(job, 'pending'))
      await fixture.cluster.admin('PATCH', `${jobsPath}/${name}`, { spec: { suspend: true } })
      await fixture.switchyard.api.until(at(job), (record) => record.remote?.state === 'Suspended')
      await cancel(job)
      expect(await fixture.ended(job)).toMatchObject({ status: 'canceled' })
      expect(await fixture.jobsNamed(job.name)).toEqual([])
    })

    it('has a lost remote record if another client replaced its Job', async () => {
      const job = await fixture.submit()
      const path = `${jobsPath}/${remoteNameOf(await fixture.until(job, 'pending'))}`
      const { json } = await fixture.cluster.admin('GET', path)
      const { metadata, spec } = json
      await fixture.cluster.admin('DELETE', path, { propagationPolicy: 'Background' })
      await expect
        .poll(() => fixture.cluster.admin('GET', path).then(({ status }) => status), { timeout: 60_000 })
        .toBe(404)
      const { selector: _, template, ...rest } = spec
      const recreatedSpec = { ...rest, template: { ...template, metadata: {} } }
      const body = {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: metadata.name, labels: metadata.labels },
        spec: recreatedSpec,
      }
      expect((await fixture.cluster.admin('POST', jobsPath, body)).status).toBe(201)
      expect(await fixture.ended(job)).toMatchObject({ status: 'unknown', statusReason: 'remote_record_lost' })
      await fixture.cluster.admin('DELETE', path, { propagationPolicy: 'Background' })
    })

    it('fails if the server rejects the request', async () => {
      // Label values start with a letter or digit.
      const job = await fixture.submit({ providerOptions: { kubernetes: { nodeSelector: ['pool=-a'] } } })
      expect(await fixture.ended(job)).toMatchObject({
        status: 'failed',
        statusReason: 'provider_refused',
        error: { code: 'invalid_request', provider: { code: 'Invalid' } },
      })
      expect(await fixture.jobsNamed(job.name)).toEqual([])
    })
  })

  describe('job of another client', () => {
    const secret = 'value-that-no-record-shows'
    /** A Job as an administrator creates it, with a container of another name. */
    async function create(name: string, more: object = {}): Promise<string> {
      const containers = [{ name: 'worker', image, env: [{ name: 'API_PASSCODE', value: secret }] }]
      const template = { spec: { containers, restartPolicy: 'Never', automountServiceAccountToken: false } }
      const spec = { template, backoffLimit: 0, ...more }
      const { json } = await fixture.cluster.admin('POST', jobsPath, { metadata: { name }, spec })
      return `${name}/${json.metadata.uid}`
    }
    const importJob = (remoteId: string) =>
      fixture.switchyard.api.ok('POST', '/jobs/import', { connectionId: fixture.connectionId, remoteId })
    /** Sets what a kubelet reports, since this cluster has no node. */
    async function report(name: string, status: object): Promise<void> {
      const pods = '/api/v1/namespaces/training/pods'
      const { json } = await fixture.cluster.admin('GET', `${pods}?labelSelector=job-name%3D${name}`)
      const path = `${pods}/${json.items[0]?.metadata.name}/status`
      expect((await fixture.cluster.admin('PATCH', path, { status })).status).toBe(200)
    }

    it('is imported, followed and shown without its variables', async () => {
      const job = await importJob(await create('nightly'))
      await fixture.switchyard.api.until(at(job), ({ statusMessage }) => statusMessage !== undefined)
      const container = { name: 'worker', image, imageID: '', restartCount: 0, ready: true }
      const startedAt = '2026-11-28T11:00:00Z'
      const running = [{ ...container, state: { running: { startedAt } } }]
      const conditions = [{ type: 'Ready', status: 'True' }]
      await report('nightly', { phase: 'Running', conditions, containerStatuses: running })
      expect(await fixture.until(job, 'running')).toMatchObject({ name: 'nightly', imported: true })
      const terminated = { exitCode: 3, reason: 'Error', startedAt, finishedAt: '2026-11-28T11:00:05Z' }
      await report('nightly', { phase: 'Failed', containerStatuses: [{ ...container, state: { terminated } }] })
      expect(await fixture.ended(job)).toMatchObject({ status: 'failed', statusReason: 'nonzero_exit', exitCode: 3 })
      const shown = JSON.stringify(await fixture.switchyard.api.ok('GET', `${at(job)}/remote`))
      expect([shown.includes('API_PASSCODE'), shown.includes(secret)]).toEqual([true, false])
    })

    it('is canceled by the cancel of its record, and deleted if it is suspended', async () => {
      for (const id of [await create('weekly'), await create('monthly', { suspend: true })]) {
        const job = await importJob(id)
        await fixture.switchyard.api.until(at(job), ({ remote }) => remote?.state !== undefined)
        await cancel(job)
        expect(await fixture.ended(job)).toMatchObject({ status: 'canceled' })
      }
      expect((await fixture.cluster.admin('GET', `${jobsPath}/weekly`)).status).toBe(200)
      expect((await fixture.cluster.admin('GET', `${jobsPath}/monthly`)).status).toBe(404)
    })
  })

  describe('environment', () => {
    it('has a Service and an Ingress until it is deleted', async () => {
      const { id: connectionId } = await fixture.connect({ settings: { ingressDomain: 'apps.example.com' } })
      const created = await fixture.switchyard.api.ok('POST', '/environments', {
        ...{ connectionId, name: 'notebook', command: ['sleep', '1000'] },
        ports: [{ port: 8888, protocol: 'http' }],
      })
      const path = `/environments/${created.id}`
      const pending = await fixture.switchyard.api.until(path, ({ remote }) => remote?.state === 'Pending')
      const name = remoteNameOf(pending)
      const find = (kind: string) => fixture.cluster.admin('GET', `${kind}/${name}`).then(({ status }) => status)
      const services = '/api/v1/namespaces/training/services'
      const hosts = '/apis/networking.k8s.io/v1/namespaces/training/ingresses'
      await expect.poll(() => find(hosts), { timeout: 60_000 }).toBe(200)
      expect(await find(services)).toBe(200)
      const { urls } = (await fixture.switchyard.api.ok('GET', `${path}/access`)) as unknown as {
        urls: { url: string }[]
      }
      expect(urls.map(({ url }) => url)).toEqual([
        `http://${name}.apps.example.com/`,
        `http://${name}.training.svc.cluster.local:8888/`,
      ])
      await fixture.switchyard.api.call('DELETE', path)
      await fixture.switchyard.api.until(path, ({ status }) => status === 'deleted', 120_000)
      for (const kind of [setsPath, services, hosts]) {
        await expect.poll(() => find(kind), { timeout: 60_000 }).toBe(404)
      }
    })
  })

  // Sequential: each test disrupts the whole cluster.
  describe('job during an outage', () => {
    it('is created once if the response to the create is lost', async () => {
      const proxy = await startCuttingProxy(fixture.cluster.url, fixture.cluster.caCertificate)
      const { id: connectionId } = await fixture.connect({ settings: { baseUrl: proxy.url } })
      proxy.cutNext('POST')
      const job = await fixture.submit({ connectionId })
      const { remote } = await fixture.until(job, 'pending')
      expect(proxy.cut).toBe(1)
      const created = await fixture.jobsNamed(job.name)
      expect(created.map(({ metadata }) => `${metadata.name}/${metadata.uid}`)).toEqual([remote?.id])
      expect(await attemptsOf(job)).toMatchObject([{ outcome: 'recovered', remoteId: remote?.id }])
      await cancel(job)
      await fixture.ended(job)
      await proxy.close()
    })

    it('is created once if etcd stops during the create', async () => {
      fixture.cluster.etcd.signal('SIGSTOP')
      const job = await fixture.submit()
      await fixture.switchyard.api.until(at(job), ({ statusReason }) => statusReason === 'outcome_unknown', 120_000)
      fixture.cluster.etcd.signal('SIGCONT')
      const name = remoteNameOf(await fixture.until(job, 'pending'))
      expect((await fixture.jobsNamed(job.name)).map(({ metadata }) => metadata.name)).toEqual([name])
      await cancel(job)
      await fixture.ended(job)
    })

    it('is created once if the API server is killed and restarted', async () => {
      const earlierJob = await fixture.submit()
      await fixture.until(earlierJob, 'pending')
      fixture.cluster.apiserver.signal('SIGKILL')
      const jobDuringOutage = await fixture.submit()
      await fixture.cluster.apiserver.stop()
      await fixture.cluster.apiserver.start()
      for (const job of [earlierJob, jobDuringOutage]) {
        await fixture.until(job, 'pending')
        expect(await fixture.jobsNamed(job.name)).toHaveLength(1)
        await cancel(job)
        expect((await fixture.ended(job)).status).toBe('canceled')
      }
    })
  })
})
