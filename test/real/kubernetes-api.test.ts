import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { jobsPath, type KubernetesBench, remoteNameOf, setsPath, startKubernetesBench } from './kubernetes-bench.ts'
import { buildLimitMs } from './kubernetes-build.ts'
import { clusterRequirements } from './kubernetes-cluster.ts'
import { image } from './kubernetes-image.ts'
import { describeReal } from './requirements.ts'
import { startCuttingProxy } from './slurm-proxy.ts'

describeReal('a real Kubernetes control plane behind Switchyard', clusterRequirements(), () => {
  let bench: KubernetesBench

  beforeAll(async () => {
    bench = await startKubernetesBench()
  }, buildLimitMs)
  afterAll(() => bench?.stop())

  const at = ({ id }: ApiRecord) => `/jobs/${id}`
  const cancel = (job: ApiRecord) => bench.switchyard.api.ok('POST', `${at(job)}/cancel`)
  const attemptsOf = async (job: ApiRecord) => (await bench.switchyard.api.ok('GET', `${at(job)}/attempts`)).data

  describe('previews that ask the server', () => {
    const askProvider = async (namespace: string, more: object = {}) => {
      const { id: connectionId } = await bench.connect({
        credentials: { token: bench.cluster.adminToken },
        settings: { namespace },
      })
      const body = { connectionId, name: 'preview', image, command: ['true'], ...more }
      return bench.switchyard.api.ok('POST', '/jobs/preview?askProvider=true', body)
    }

    it('are accepted without a Job', async () => {
      expect(await askProvider('training')).toMatchObject({ valid: true, acceptedByProvider: true })
      expect(await bench.jobsNamed('preview')).toEqual([])
    })

    it('return what the server rejects: a missing namespace, a quota', async () => {
      const rejected = { valid: false, acceptedByProvider: false }
      const saying = (text: string) => ({ problems: [{ code: 'rejected', detail: expect.stringContaining(text) }] })
      expect(await askProvider('nowhere')).toMatchObject({ ...rejected, ...saying('namespaces "nowhere" not found') })
      await bench.cluster.admin('POST', '/api/v1/namespaces', { metadata: { name: 'full' } })
      const quota = { metadata: { name: 'none' }, spec: { hard: { 'count/jobs.batch': '0' } } }
      await bench.cluster.admin('POST', '/api/v1/namespaces/full/resourcequotas', quota)
      await expect.poll(() => askProvider('full')).toMatchObject({ ...rejected, ...saying('exceeded quota: none') })
    })
  })

  describe('checks a connection', () => {
    const verify = async (request: Parameters<KubernetesBench['connect']>[0]) => {
      const { id } = await bench.connect(request)
      return (await bench.switchyard.api.call('POST', `/connections/${id}/verify`)).body
    }
    const certificate = (user: string, groups?: readonly string[]) => ({
      credentials: {},
      network: { clientCertificate: bench.cluster.authority.issue(user, groups) },
    })

    it('with a token that has the documented rights', async () => {
      expect(await verify({})).toMatchObject({ ok: true })
    })

    it('with a client certificate', async () => {
      expect(await verify(certificate('root', ['system:masters']))).toMatchObject({ ok: true })
    })

    it('with a kubeconfig, of which only the parts are stored', async () => {
      const { certificate: cert, key } = bench.cluster.authority.issue('lea', ['system:masters'])
      const base64 = (text: string) => Buffer.from(text).toString('base64')
      const cluster = { server: bench.cluster.url, 'certificate-authority-data': base64(bench.cluster.caCertificate) }
      const user = { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }
      const kubeconfig = JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'a' },
        clusters: [{ name: 'a', cluster }],
        users: [{ name: 'a', user }],
        contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      })
      const connection = await bench.connect({ credentials: { kubeconfig } })
      expect(connection).toMatchObject({ network: { clientCertificate: { subject: 'O=system:masters, CN=lea' } } })
      const { body } = await bench.switchyard.api.call('POST', `/connections/${connection.id}/verify`)
      expect(body).toMatchObject({ ok: true })
    })

    it.each([
      ['a token that nobody has', { credentials: { token: 'nobody' } }, 'credentials.token'],
      ['a namespace that does not exist', { settings: { namespace: 'nowhere' } }, 'credentials.token'],
      ['a service account that does not exist', { settings: { serviceAccount: 'nobody' } }, 'settings.serviceAccount'],
      ['Kueue, which is not installed', { settings: { kueue: true } }, 'settings.kueue'],
    ])('and names what is wrong: %s', async (_name, request, field) => {
      expect(await verify(request)).toMatchObject({ ok: false, field })
    })

    it('and names the namespace to an account that may act in all', async () => {
      const request = { ...certificate('root2', ['system:masters']), settings: { namespace: 'nowhere' } }
      expect(await verify(request)).toMatchObject({ ok: false, field: 'settings.namespace' })
    })

    it('and names the certificate of an account without rights', async () => {
      const said = await verify(certificate('nobody'))
      expect(said).toMatchObject({ ok: false, code: 'permission_denied', field: 'network.clientCertificate' })
    })

    it('and names the authorities that did not sign the certificate of the server', async () => {
      const said = await verify({ network: { caCertificate: bench.cluster.authority.issue('other').certificate } })
      expect(said).toMatchObject({ ok: false, field: 'network.caCertificate' })
    })
  })

  describe('tells why a job waits, and cancels it', () => {
    it('without a node', async () => {
      const job = await bench.submit()
      const waiting = await bench.switchyard.api.until(at(job), ({ statusMessage }) => statusMessage !== undefined)
      expect(waiting).toMatchObject({ status: 'pending', remote: { state: 'Pending' } })
      expect(waiting.statusMessage).toContain('Unschedulable: no nodes available')
      await cancel(job)
      expect(await bench.ended(job)).toMatchObject({ status: 'canceled', remote: { state: 'Canceled' } })
      expect(await bench.jobsNamed(job.name)).toHaveLength(1)
    })

    it('suspended by somebody: it is deleted, since no deadline passes', async () => {
      const job = await bench.submit()
      const name = remoteNameOf(await bench.until(job, 'pending'))
      await bench.cluster.admin('PATCH', `${jobsPath}/${name}`, { spec: { suspend: true } })
      await bench.switchyard.api.until(at(job), (record) => record.remote?.state === 'Suspended')
      await cancel(job)
      expect(await bench.ended(job)).toMatchObject({ status: 'canceled' })
      expect(await bench.jobsNamed(job.name)).toEqual([])
    })

    it('deleted and made again under the same name by somebody: it is another one', async () => {
      const job = await bench.submit()
      const path = `${jobsPath}/${remoteNameOf(await bench.until(job, 'pending'))}`
      const { json } = await bench.cluster.admin('GET', path)
      const { metadata, spec } = json
      await bench.cluster.admin('DELETE', path, { propagationPolicy: 'Background' })
      await expect
        .poll(() => bench.cluster.admin('GET', path).then(({ status }) => status), { timeout: 60_000 })
        .toBe(404)
      const { selector: _, template, ...rest } = spec
      const again = { ...rest, template: { ...template, metadata: {} } }
      const body = {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: metadata.name, labels: metadata.labels },
        spec: again,
      }
      expect((await bench.cluster.admin('POST', jobsPath, body)).status).toBe(201)
      expect(await bench.ended(job)).toMatchObject({ status: 'unknown', statusReason: 'remote_record_lost' })
      await bench.cluster.admin('DELETE', path, { propagationPolicy: 'Background' })
    })

    it('with a request that the server refuses', async () => {
      // A value of a label begins with a letter or a digit.
      const job = await bench.submit({ providerOptions: { kubernetes: { nodeSelector: ['pool=-a'] } } })
      expect(await bench.ended(job)).toMatchObject({
        status: 'failed',
        statusReason: 'provider_refused',
        error: { code: 'invalid_request', provider: { code: 'Invalid' } },
      })
      expect(await bench.jobsNamed(job.name)).toEqual([])
    })
  })

  describe('keeps an environment', () => {
    it('with its Service and its host, until it is deleted', async () => {
      const { id: connectionId } = await bench.connect({ settings: { ingressDomain: 'apps.example.com' } })
      const made = await bench.switchyard.api.ok('POST', '/environments', {
        ...{ connectionId, name: 'notebook', command: ['sleep', '1000'] },
        ports: [{ port: 8888, protocol: 'http' }],
      })
      const path = `/environments/${made.id}`
      const shown = await bench.switchyard.api.until(path, ({ remote }) => remote?.state === 'Pending')
      const name = remoteNameOf(shown)
      const find = (kind: string) => bench.cluster.admin('GET', `${kind}/${name}`).then(({ status }) => status)
      const services = '/api/v1/namespaces/training/services'
      const hosts = '/apis/networking.k8s.io/v1/namespaces/training/ingresses'
      await expect.poll(() => find(hosts), { timeout: 60_000 }).toBe(200)
      expect(await find(services)).toBe(200)
      const { urls } = (await bench.switchyard.api.ok('GET', `${path}/access`)) as unknown as {
        urls: { url: string }[]
      }
      expect(urls.map(({ url }) => url)).toEqual([
        `http://${name}.apps.example.com/`,
        `http://${name}.training.svc.cluster.local:8888/`,
      ])
      await bench.switchyard.api.call('DELETE', path)
      await bench.switchyard.api.until(path, ({ status }) => status === 'deleted', 120_000)
      for (const kind of [setsPath, services, hosts]) {
        await expect.poll(() => find(kind), { timeout: 60_000 }).toBe(404)
      }
    })
  })

  // One after the other: each takes something away from all.
  describe('loses no job and makes none twice', () => {
    it('when the answer to a create is cut off', async () => {
      const proxy = await startCuttingProxy(bench.cluster.url, bench.cluster.caCertificate)
      const { id: connectionId } = await bench.connect({ settings: { baseUrl: proxy.url } })
      proxy.cutNext('POST')
      const job = await bench.submit({ connectionId })
      const { remote } = await bench.until(job, 'pending')
      expect(proxy.cut).toBe(1)
      const made = await bench.jobsNamed(job.name)
      expect(made.map(({ metadata }) => `${metadata.name}/${metadata.uid}`)).toEqual([remote?.id])
      expect(await attemptsOf(job)).toMatchObject([{ outcome: 'recovered', remoteId: remote?.id }])
      await cancel(job)
      await bench.ended(job)
      await proxy.close()
    })

    it('when the store stands still during a create', async () => {
      bench.cluster.etcd.signal('SIGSTOP')
      const job = await bench.submit()
      await bench.switchyard.api.until(at(job), ({ statusReason }) => statusReason === 'outcome_unknown', 120_000)
      bench.cluster.etcd.signal('SIGCONT')
      const name = remoteNameOf(await bench.until(job, 'pending'))
      expect((await bench.jobsNamed(job.name)).map(({ metadata }) => metadata.name)).toEqual([name])
      await cancel(job)
      await bench.ended(job)
    })

    it('when the server is killed and started again', async () => {
      const before = await bench.submit()
      await bench.until(before, 'pending')
      bench.cluster.apiserver.signal('SIGKILL')
      const meanwhile = await bench.submit()
      await bench.cluster.apiserver.stop()
      await bench.cluster.apiserver.start()
      for (const job of [before, meanwhile]) {
        await bench.until(job, 'pending')
        expect(await bench.jobsNamed(job.name)).toHaveLength(1)
        await cancel(job)
        expect((await bench.ended(job)).status).toBe('canceled')
      }
    })
  })
})
