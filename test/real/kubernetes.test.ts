import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { portableJob, portableOutput } from '../../src/commands/portable-job.ts'
import { demoOutput, runDemo } from '../support/run-demo.ts'
import { buildLimitMs } from './kubernetes-build.ts'
import {
  jobsPath,
  type KubernetesFixture,
  namespace,
  remoteNameOf,
  setsPath,
  startKubernetesFixture,
} from './kubernetes-fixture.ts'
import { image } from './kubernetes-image.ts'
import { nodeRequirements, startNode } from './kubernetes-node.ts'
import { describeQueues } from './kubernetes-queues.ts'
import { describeTutorial } from './kubernetes-tutorial.ts'
import { describeReal } from './requirements.ts'

describeReal('Kubernetes cluster with a node behind Switchyard', nodeRequirements(), () => {
  let fixture: KubernetesFixture
  let node: { stop(): Promise<void> }

  beforeAll(async () => {
    fixture = await startKubernetesFixture()
    node = await startNode(fixture.cluster)
  }, buildLimitMs)
  afterAll(async () => {
    await node?.stop()
    await fixture?.stop()
  }, 120_000)

  const at = ({ id }: ApiRecord) => `/jobs/${id}`
  const cancel = (job: ApiRecord) => fixture.switchyard.api.ok('POST', `${at(job)}/cancel`)
  const logOf = async (job: ApiRecord, query: Readonly<Record<string, string>> = {}) => {
    const parts: string[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const search = new URLSearchParams(cursor === '' ? query : { ...query, cursor })
      const chunk: ApiRecord & { text?: string; next?: string } = await fixture.switchyard.api.ok(
        ...(['GET', `${at(job)}/logs?${search}`] as const),
      )
      parts.push(chunk.text ?? '')
      cursor = chunk.next
    }
    return parts.join('')
  }

  /** The runtime may write the last lines after the Job has ended, on a busy machine. */
  const expectLog = (job: ApiRecord, expected: unknown) =>
    vi.waitFor(async () => expect(await logOf(job)).toEqual(expected), 20_000)

  describe('job', () => {
    it.concurrent('succeeds with its variables and output, secrets redacted', async () => {
      const job = await fixture.submit({
        script: 'sleep 2; echo "$GREETING from $(pwd)"; echo "$SECRET" >&2',
        ...{ environmentVariables: { GREETING: 'hello' }, secretVariables: { SECRET: 'a-secret-of-this-test' } },
        ...{ workingDirectory: '/tmp', resources: { cpus: 1, memoryMiB: 32 } },
      })
      expect(await fixture.until(job, 'running')).toMatchObject({ remote: { state: 'Running' } })
      const record = await fixture.ended(job)
      expect(record).toMatchObject({ status: 'succeeded', exitCode: 0, remote: { state: 'Complete' } })
      expect(Date.parse(String(record.endedAt))).toBeGreaterThan(Date.parse(String(record.startedAt)))
      await expectLog(job, expect.stringContaining('hello from /tmp\n'))
      await expectLog(job, expect.stringContaining('[redacted]'))
      expect(await logOf(job)).not.toContain('a-secret-of-this-test')
      expect(await fixture.jobsNamed(job.name)).toHaveLength(1)
    })

    it.concurrent('receives its script and variables without expansion by Kubernetes', async () => {
      // The order of the two streams is not known: the shell does not find the command A.
      const script = 'exec 2>/dev/null; A=1; echo "[$$A] [$(A)] [$((1+1))]" | /bin/busybox tr -d "0-9"; echo "$B"'
      const job = await fixture.submit({ script, environmentVariables: { B: '$(PATH) $$', date: 'x' } })
      expect((await fixture.ended(job)).status).toBe('succeeded')
      await expectLog(job, '[A] [] []\n$(PATH) $$\n')
    })

    it.concurrent('runs a script of another interpreter', async () => {
      const job = await fixture.submit({ script: '#!/bin/busybox sh\necho "$0 in $(id -u)"\n' })
      expect((await fixture.ended(job)).status).toBe('succeeded')
      await expectLog(job, expect.stringMatching(/^\/tmp\/\S+ in 0\n$/))
    })

    it.concurrent('runs the portable job unchanged', async () => {
      const jobs = await Promise.all([portableJob(), portableJob({ exitCode: 3 })].map(fixture.submit))
      const [done, failed] = await Promise.all(jobs.map(fixture.ended))
      expect(done).toMatchObject({ status: 'succeeded', exitCode: 0 })
      expect(failed).toMatchObject({ status: 'failed', statusReason: 'nonzero_exit', exitCode: 3 })
      for (const job of jobs) await expectLog(job, `${portableOutput.join('\n')}\n`)
    })

    it.concurrent('runs in the demo with a kubeconfig', async () => {
      const { url, caCertificate, directory } = fixture.cluster
      const cluster = { server: url, 'certificate-authority-data': Buffer.from(caCertificate).toString('base64') }
      const file = join(directory, 'demo.kubeconfig')
      const kubeconfig = {
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'demo' },
        clusters: [{ name: 'lab', cluster }],
        users: [{ name: 'account', user: { token: fixture.token } }],
        contexts: [{ name: 'demo', context: { cluster: 'lab', user: 'account', namespace } }],
      }
      writeFileSync(file, JSON.stringify(kubeconfig), { mode: 0o600 })
      const demo = await runDemo('kubernetes', { KUBECONFIG: file, KUBERNETES_IMAGE: image })
      expect({ code: demo.code, stderr: demo.stderr }).toEqual({ code: 0, stderr: '' })
      expect(demo.stdout).toMatch(demoOutput)
    })

    it.concurrent('is ended by its time limit', async () => {
      const job = await fixture.submit({ script: 'sleep 600', timeLimitSeconds: 60 })
      const record = await fixture.ended(job)
      expect(record).toMatchObject({ status: 'failed', statusReason: 'time_limit' })
      expect(Date.parse(String(record.endedAt)) - Date.parse(String(record.startedAt))).toBeGreaterThanOrEqual(58_000)
    })

    it.concurrent('runs on several nodes with index and log of each', async () => {
      const job = await fixture.submit({ script: 'echo "index $JOB_COMPLETION_INDEX"', resources: { nodes: 3 } })
      expect(await fixture.ended(job)).toMatchObject({ status: 'succeeded' })
      for (const index of [0, 1, 2]) await expectLog(job, expect.stringContaining(`index ${index}\n`))
      expect((await logOf(job)).match(/^==> /gm)).toHaveLength(3)
    })

    it.concurrent('returns a long log in parts', async () => {
      const job = await fixture.submit({
        script: 'i=0; while [ $i -lt 30000 ]; do echo "line $i of a long log"; i=$((i+1)); done',
      })
      expect((await fixture.ended(job)).status).toBe('succeeded')
      const lines = Array.from({ length: 30_000 }, (_, index) => `line ${index} of a long log\n`)
      await expectLog(job, lines.join(''))
    })

    it.concurrent('returns logs with the times of lines, as kubectl does', async () => {
      const long = 'x'.repeat(40_000)
      const job = await fixture.submit({
        script: `echo one; echo; sleep 1; printf '%040000d\\n' 0 | tr 0 x; echo two; printf 'no end'`,
      })
      expect((await fixture.ended(job)).status).toBe('succeeded')
      await expectLog(job, expect.stringMatching(/no end$/))
      const timed = (await logOf(job, { timestamps: 'true' })).split('\n')
      const times = timed.map((line) => line.slice(0, line.indexOf(' ')))
      for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
      expect(times).toEqual(times.toSorted())
      const seconds = times.map((time) => Date.parse(time) / 1000)
      expect((seconds[2] ?? 0) - (seconds[0] ?? 0)).toBeGreaterThan(0.9)
      const lines = timed.map((line) => line.slice(line.indexOf(' ') + 1))
      expect(lines).toEqual(['one', '', long, 'two', 'no end'])
      await expectLog(job, lines.join('\n'))
    })

    it.concurrent('mounts a directory of a claim', async () => {
      const { admin, directory } = fixture.cluster
      const source = join(directory, 'claim')
      const claimSpec = {
        accessModes: ['ReadWriteOnce'],
        storageClassName: '',
        resources: { requests: { storage: '1Mi' } },
      }
      await admin('POST', '/api/v1/persistentvolumes', {
        metadata: { name: 'data' },
        spec: {
          ...{ accessModes: ['ReadWriteOnce'], capacity: { storage: '1Mi' }, claimRef: { namespace, name: 'data' } },
          hostPath: { path: source, type: 'DirectoryOrCreate' },
        },
      })
      const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`
      await admin('POST', claims, { metadata: { name: 'data' }, spec: { ...claimSpec, volumeName: 'data' } })
      const mounts = [{ source: 'data/results', path: '/results' }]
      const job = await fixture.submit({ script: 'echo kept > /results/file', mounts })
      expect(await fixture.ended(job)).toMatchObject({ status: 'succeeded' })
      const next = await fixture.submit({ script: 'cat /results/file', mounts })
      expect(await fixture.ended(next)).toMatchObject({ status: 'succeeded' })
      await expectLog(next, 'kept\n')
    })

    it.concurrent('runs with the GPUs of a node, and waits for more than exist', async () => {
      const { admin } = fixture.cluster
      const model = { metadata: { labels: { 'nvidia.com/gpu.product': 'NVIDIA-T4' } } }
      await admin('PATCH', '/api/v1/nodes/localhost', model)
      const gpus = { status: { capacity: { 'nvidia.com/gpu': '2' } } }
      await admin('PATCH', '/api/v1/nodes/localhost/status', gpus)
      const accelerator = (count: number) => ({ kind: 'gpu', count, model: 'NVIDIA-T4' })
      const job = await fixture.submit({ resources: { accelerator: accelerator(2) } })
      expect(await fixture.ended(job)).toMatchObject({ status: 'succeeded' })
      const waiting = await fixture.submit({ resources: { accelerator: accelerator(3) } })
      const isUnschedulable = ({ statusMessage }: ApiRecord) =>
        /Insufficient nvidia.com\/gpu/.test(String(statusMessage))
      await fixture.switchyard.api.until(at(waiting), isUnschedulable, 120_000)
      await cancel(waiting)
      expect(await fixture.ended(waiting)).toMatchObject({ status: 'canceled' })
    })

    it.concurrent('fails with out_of_memory beyond its memory limit', async () => {
      const job = await fixture.submit({ script: 'tail /dev/zero', resources: { memoryMiB: 32 } })
      expect(await fixture.ended(job)).toMatchObject({ status: 'failed', statusReason: 'out_of_memory' })
    })

    it.concurrent('is canceled and keeps its Job', async () => {
      const job = await fixture.submit({ script: undefined, command: ['sleep', '600'] })
      await fixture.until(job, 'running')
      await cancel(job)
      expect(await fixture.ended(job)).toMatchObject({ status: 'canceled', remote: { state: 'Canceled' } })
      expect(await fixture.jobsNamed(job.name)).toHaveLength(1)
    })

    it.concurrent('reports why it waits', async () => {
      const missing = await fixture.submit({ image: 'registry.invalid/nothing:1' })
      const huge = await fixture.submit({ resources: { cpus: 5000 } })
      const hasMessage =
        (pattern: RegExp) =>
        ({ statusMessage }: ApiRecord) =>
          pattern.test(String(statusMessage ?? ''))
      await fixture.switchyard.api.until(at(missing), hasMessage(/ErrImagePull|ImagePullBackOff/), 120_000)
      await fixture.switchyard.api.until(at(huge), hasMessage(/Unschedulable: .*Insufficient cpu/), 120_000)
      for (const job of [missing, huge]) {
        await cancel(job)
        expect(await fixture.ended(job)).toMatchObject({ status: 'canceled' })
      }
    })
  })

  describe('environment', () => {
    const path = ({ id }: ApiRecord) => `/environments/${id}`
    const until = (environment: ApiRecord, expected: string) =>
      fixture.switchyard.api.until(path(environment), ({ status }) => status === expected, 240_000)

    it.concurrent('is stopped, started and deleted', async () => {
      const environment = await fixture.switchyard.api.ok('POST', '/environments', {
        ...{ connectionId: fixture.connectionId, name: 'notebook', image },
        // Signals do not end the first process of a container unless it handles them.
        command: ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 1; done'],
      })
      await until(environment, 'running')
      await fixture.switchyard.api.call('POST', `${path(environment)}/stop`)
      const stopped = await until(environment, 'stopped')
      const name = remoteNameOf(stopped)
      expect((await fixture.cluster.admin('GET', `/api/v1/namespaces/training/pods/${name}-0`)).status).toBe(404)
      await fixture.switchyard.api.call('POST', `${path(environment)}/start`)
      await until(environment, 'running')
      await fixture.switchyard.api.call('DELETE', path(environment))
      await until(environment, 'deleted')
      expect((await fixture.cluster.admin('GET', `${setsPath}/${name}`)).status).toBe(404)
    })

    it.concurrent('is imported and keeps its number of pods across a stop and start', async () => {
      const labels = { app: 'db' }
      const container = { name: 'db', image, command: ['sleep', '100000'] }
      const template = {
        metadata: { labels },
        spec: {
          ...{ hostNetwork: true, automountServiceAccountToken: false, terminationGracePeriodSeconds: 0 },
          containers: [container],
        },
      }
      const spec = { replicas: 2, serviceName: 'db', selector: { matchLabels: labels }, template }
      const set = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db' }, spec }
      const { json } = await fixture.cluster.admin('POST', setsPath, set)
      const remoteId = `db/${json.metadata.uid}`
      const { connectionId } = fixture
      const catalogOf = (id: string) => fixture.switchyard.api.ok('GET', `/connections/${id}/catalog`)
      expect(JSON.stringify(await catalogOf(connectionId))).toContain(remoteId)
      const administrator = await fixture.connect({ credentials: { token: fixture.cluster.adminToken } })
      const catalog = (await catalogOf(administrator.id)) as Record<string, { images: object[] }>
      expect(catalog.environment?.images).toContainEqual(expect.objectContaining({ image, nodes: 1 }))
      const imported = await fixture.switchyard.api.ok('POST', '/environments/import', { connectionId, remoteId })
      await until(imported, 'running')
      for (const [action, expected, replicas] of [
        ['stop', 'stopped', 0],
        ['start', 'running', 2],
      ] as const) {
        await fixture.switchyard.api.call('POST', `${path(imported)}/${action}`)
        await until(imported, expected)
        expect((await fixture.cluster.admin('GET', `${setsPath}/db`)).json.spec.replicas).toBe(replicas)
      }
      await fixture.switchyard.api.call('DELETE', `${path(imported)}?remote=true`)
      await until(imported, 'deleted')
    })
  })

  describe('job during an outage', () => {
    it('succeeds if the API server is killed and restarted', async () => {
      const job = await fixture.submit({ script: 'sleep 8; echo done' })
      await fixture.until(job, 'running')
      fixture.cluster.apiserver.signal('SIGKILL')
      await fixture.cluster.apiserver.stop()
      await fixture.cluster.apiserver.start()
      expect(await fixture.ended(job)).toMatchObject({ status: 'succeeded', exitCode: 0 })
      const { json } = await fixture.cluster.admin('GET', jobsPath)
      expect(
        json.items.filter((each: { metadata: { name: string } }) => each.metadata.name.startsWith(job.name)),
      ).toHaveLength(1)
    })
  })

  describeQueues(() => fixture)
  describeTutorial(() => fixture)
})
