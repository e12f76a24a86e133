import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { portableJob, portableOutput } from '../../src/commands/portable-job.ts'
import { demoOutput, runDemo } from '../support/run-demo.ts'
import {
  jobsPath,
  type KubernetesBench,
  namespace,
  remoteNameOf,
  setsPath,
  startKubernetesBench,
} from './kubernetes-bench.ts'
import { buildLimitMs } from './kubernetes-build.ts'
import { image } from './kubernetes-image.ts'
import { nodeRequirements, startNode } from './kubernetes-node.ts'
import { describeReal } from './requirements.ts'

describeReal('a real Kubernetes cluster with a node behind Switchyard', nodeRequirements(), () => {
  let bench: KubernetesBench
  let node: { stop(): Promise<void> }

  beforeAll(async () => {
    bench = await startKubernetesBench()
    node = await startNode(bench.cluster)
  }, buildLimitMs)
  afterAll(async () => {
    await node?.stop()
    await bench?.stop()
  }, 120_000)

  const at = ({ id }: ApiRecord) => `/jobs/${id}`
  const cancel = (job: ApiRecord) => bench.switchyard.api.ok('POST', `${at(job)}/cancel`)
  const logOf = async (job: ApiRecord) => {
    const parts: string[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const chunk: ApiRecord & { text?: string; next?: string } = await bench.switchyard.api.ok(
        'GET',
        `${at(job)}/logs${cursor === '' ? '' : `?cursor=${encodeURIComponent(cursor)}`}`,
      )
      parts.push(chunk.text ?? '')
      cursor = chunk.next
    }
    return parts.join('')
  }

  describe('runs jobs', () => {
    it.concurrent('to their end, with their variables and their output', async () => {
      const job = await bench.submit({
        script: 'sleep 2; echo "$GREETING from $(pwd)"; echo "$SECRET" >&2',
        ...{ environmentVariables: { GREETING: 'hello' }, secretVariables: { SECRET: 'a-secret-of-this-test' } },
        ...{ workingDirectory: '/tmp', resources: { cpus: 1, memoryMiB: 32 } },
      })
      expect(await bench.until(job, 'running')).toMatchObject({ remote: { state: 'Running' } })
      const record = await bench.ended(job)
      expect(record).toMatchObject({ status: 'succeeded', exitCode: 0, remote: { state: 'Complete' } })
      expect(Date.parse(String(record.endedAt))).toBeGreaterThan(Date.parse(String(record.startedAt)))
      const log = await logOf(job)
      expect(log).toContain('hello from /tmp\n')
      expect(log).not.toContain('a-secret-of-this-test')
      expect(await bench.jobsNamed(job.name)).toHaveLength(1)
    })

    it.concurrent('without expanding what is for the shell', async () => {
      const script = 'A=1; echo "[$$A] [$(A)] [$((1+1))]" | /bin/busybox tr -d "0-9"; echo "$B"'
      const job = await bench.submit({ script, environmentVariables: { B: '$(PATH) $$', date: 'x' } })
      expect((await bench.ended(job)).status).toBe('succeeded')
      expect(await logOf(job)).toMatch(/^.*\n?\[A\] \[\] \[\]\n\$\(PATH\) \$\$\n$/)
    })

    it.concurrent('of another interpreter, which the first line names', async () => {
      const job = await bench.submit({ script: '#!/bin/busybox sh\necho "$0 in $(id -u)"\n' })
      expect((await bench.ended(job)).status).toBe('succeeded')
      expect(await logOf(job)).toMatch(/^\/tmp\/\S+ in 0\n$/)
    })

    it.concurrent('that run unchanged on every provider', async () => {
      const jobs = await Promise.all([portableJob(), portableJob({ exitCode: 3 })].map(bench.submit))
      const [done, failed] = await Promise.all(jobs.map(bench.ended))
      expect(done).toMatchObject({ status: 'succeeded', exitCode: 0 })
      expect(failed).toMatchObject({ status: 'failed', statusReason: 'nonzero_exit', exitCode: 3 })
      for (const job of jobs) expect(await logOf(job)).toBe(`${portableOutput.join('\n')}\n`)
    })

    it.concurrent('of the demo, found by a kubeconfig', async () => {
      const { url, caCertificate, directory } = bench.cluster
      const cluster = { server: url, 'certificate-authority-data': Buffer.from(caCertificate).toString('base64') }
      const file = join(directory, 'demo.kubeconfig')
      const kubeconfig = {
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'demo' },
        clusters: [{ name: 'lab', cluster }],
        users: [{ name: 'account', user: { token: bench.token } }],
        contexts: [{ name: 'demo', context: { cluster: 'lab', user: 'account', namespace } }],
      }
      writeFileSync(file, JSON.stringify(kubeconfig), { mode: 0o600 })
      const demo = await runDemo('kubernetes', { KUBECONFIG: file, KUBERNETES_IMAGE: image })
      expect({ code: demo.code, stderr: demo.stderr }).toEqual({ code: 0, stderr: '' })
      expect(demo.stdout).toMatch(demoOutput)
    })

    it.concurrent('no longer than their time limit', async () => {
      const job = await bench.submit({ script: 'sleep 600', timeLimitSeconds: 60 })
      const record = await bench.ended(job)
      expect(record).toMatchObject({ status: 'failed', statusReason: 'time_limit' })
      expect(Date.parse(String(record.endedAt)) - Date.parse(String(record.startedAt))).toBeGreaterThanOrEqual(58_000)
    })

    it.concurrent('on several nodes, each with its index and its log', async () => {
      const job = await bench.submit({ script: 'echo "index $JOB_COMPLETION_INDEX"', resources: { nodes: 3 } })
      expect(await bench.ended(job)).toMatchObject({ status: 'succeeded' })
      const log = await logOf(job)
      for (const index of [0, 1, 2]) expect(log).toContain(`index ${index}\n`)
      expect(log.match(/^==> /gm)).toHaveLength(3)
    })

    it.concurrent('whose log has several parts', async () => {
      const job = await bench.submit({
        script: 'i=0; while [ $i -lt 30000 ]; do echo "line $i of a long log"; i=$((i+1)); done',
      })
      expect((await bench.ended(job)).status).toBe('succeeded')
      const lines = (await logOf(job)).trimEnd().split('\n')
      expect(lines).toEqual(Array.from({ length: 30_000 }, (_, index) => `line ${index} of a long log`))
    })

    it.concurrent('with the directory of a claim', async () => {
      const { admin, directory } = bench.cluster
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
      const job = await bench.submit({ script: 'echo kept > /results/file', mounts })
      expect(await bench.ended(job)).toMatchObject({ status: 'succeeded' })
      const next = await bench.submit({ script: 'cat /results/file', mounts })
      expect(await bench.ended(next)).toMatchObject({ status: 'succeeded' })
      expect(await logOf(next)).toBe('kept\n')
    })

    it.concurrent('with GPUs of a node, and waits for more than it has', async () => {
      const { admin } = bench.cluster
      const model = { metadata: { labels: { 'nvidia.com/gpu.product': 'NVIDIA-T4' } } }
      await admin('PATCH', '/api/v1/nodes/localhost', model)
      const gpus = { status: { capacity: { 'nvidia.com/gpu': '2' } } }
      await admin('PATCH', '/api/v1/nodes/localhost/status', gpus)
      const accelerator = (count: number) => ({ kind: 'gpu', count, model: 'NVIDIA-T4' })
      const job = await bench.submit({ resources: { accelerator: accelerator(2) } })
      expect(await bench.ended(job)).toMatchObject({ status: 'succeeded' })
      const waiting = await bench.submit({ resources: { accelerator: accelerator(3) } })
      const isUnschedulable = ({ statusMessage }: ApiRecord) =>
        /Insufficient nvidia.com\/gpu/.test(String(statusMessage))
      await bench.switchyard.api.until(at(waiting), isUnschedulable, 120_000)
      await cancel(waiting)
      expect(await bench.ended(waiting)).toMatchObject({ status: 'canceled' })
    })

    it.concurrent('up to their memory, and tells that they exceeded it', async () => {
      const job = await bench.submit({ script: 'tail /dev/zero', resources: { memoryMiB: 32 } })
      expect(await bench.ended(job)).toMatchObject({ status: 'failed', statusReason: 'out_of_memory' })
    })

    it.concurrent('until they are canceled, and keeps their Job', async () => {
      const job = await bench.submit({ script: undefined, command: ['sleep', '600'] })
      await bench.until(job, 'running')
      await cancel(job)
      expect(await bench.ended(job)).toMatchObject({ status: 'canceled', remote: { state: 'Canceled' } })
      expect(await bench.jobsNamed(job.name)).toHaveLength(1)
    })

    it.concurrent('or says why they wait', async () => {
      const missing = await bench.submit({ image: 'registry.invalid/nothing:1' })
      const huge = await bench.submit({ resources: { cpus: 5000 } })
      const saying =
        (words: RegExp) =>
        ({ statusMessage }: ApiRecord) =>
          words.test(String(statusMessage ?? ''))
      await bench.switchyard.api.until(at(missing), saying(/ErrImagePull|ImagePullBackOff/), 120_000)
      await bench.switchyard.api.until(at(huge), saying(/Unschedulable: .*Insufficient cpu/), 120_000)
      for (const job of [missing, huge]) {
        await cancel(job)
        expect(await bench.ended(job)).toMatchObject({ status: 'canceled' })
      }
    })
  })

  describe('keeps environments', () => {
    const path = ({ id }: ApiRecord) => `/environments/${id}`
    const until = (environment: ApiRecord, wanted: string) =>
      bench.switchyard.api.until(path(environment), ({ status }) => status === wanted, 240_000)

    it.concurrent('that are stopped, started and deleted', async () => {
      const environment = await bench.switchyard.api.ok('POST', '/environments', {
        ...{ connectionId: bench.connectionId, name: 'notebook', image },
        // The first process of a container heeds no signal that it does not handle.
        command: ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 1; done'],
      })
      await until(environment, 'running')
      await bench.switchyard.api.call('POST', `${path(environment)}/stop`)
      const stopped = await until(environment, 'stopped')
      const name = remoteNameOf(stopped)
      expect((await bench.cluster.admin('GET', `/api/v1/namespaces/training/pods/${name}-0`)).status).toBe(404)
      await bench.switchyard.api.call('POST', `${path(environment)}/start`)
      await until(environment, 'running')
      await bench.switchyard.api.call('DELETE', path(environment))
      await until(environment, 'deleted')
      expect((await bench.cluster.admin('GET', `${setsPath}/${name}`)).status).toBe(404)
    })

    it.concurrent('that existed before, with as many pods as they had', async () => {
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
      const { json } = await bench.cluster.admin('POST', setsPath, set)
      const remoteId = `db/${json.metadata.uid}`
      const { connectionId } = bench
      const catalogOf = (id: string) => bench.switchyard.api.ok('GET', `/connections/${id}/catalog`)
      expect(JSON.stringify(await catalogOf(connectionId))).toContain(remoteId)
      const administrator = await bench.connect({ credentials: { token: bench.cluster.adminToken } })
      const catalog = (await catalogOf(administrator.id)) as Record<string, { images: object[] }>
      expect(catalog.environment?.images).toContainEqual(expect.objectContaining({ image, nodes: 1 }))
      const imported = await bench.switchyard.api.ok('POST', '/environments/import', { connectionId, remoteId })
      await until(imported, 'running')
      for (const [verb, wanted, replicas] of [
        ['stop', 'stopped', 0],
        ['start', 'running', 2],
      ] as const) {
        await bench.switchyard.api.call('POST', `${path(imported)}/${verb}`)
        await until(imported, wanted)
        expect((await bench.cluster.admin('GET', `${setsPath}/db`)).json.spec.replicas).toBe(replicas)
      }
      await bench.switchyard.api.call('DELETE', `${path(imported)}?remote=true`)
      await until(imported, 'deleted')
    })
  })

  describe('loses no job', () => {
    it('whose server is killed while it runs', async () => {
      const job = await bench.submit({ script: 'sleep 8; echo done' })
      await bench.until(job, 'running')
      bench.cluster.apiserver.signal('SIGKILL')
      await bench.cluster.apiserver.stop()
      await bench.cluster.apiserver.start()
      expect(await bench.ended(job)).toMatchObject({ status: 'succeeded', exitCode: 0 })
      const { json } = await bench.cluster.admin('GET', jobsPath)
      expect(
        json.items.filter((each: { metadata: { name: string } }) => each.metadata.name.startsWith(job.name)),
      ).toHaveLength(1)
    })
  })
})
