import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { providers } from '../../src/providers/registry.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { testRedis } from '../support/test-redis.ts'
import { type KubernetesCluster, startKubernetesCluster } from './kubernetes-cluster.ts'
import { image } from './kubernetes-image.ts'

export const namespace = 'training'
export const jobsPath = `/apis/batch/v1/namespaces/${namespace}/jobs`
export const setsPath = `/apis/apps/v1/namespaces/${namespace}/statefulsets`

/** Switchyard with a real cluster and the permissions of examples/kubernetes/rights.yaml. */
export interface KubernetesFixture {
  cluster: KubernetesCluster
  switchyard: Switchyard
  connectionId: string
  /** The token of the service account. */
  token: string
  connect(request?: { settings?: object; credentials?: object; network?: object }): Promise<ApiRecord>
  submit(more?: object): Promise<ApiRecord>
  until(job: ApiRecord, ...statuses: string[]): Promise<ApiRecord>
  ended(job: ApiRecord): Promise<ApiRecord>
  /** The Jobs in the cluster whose names start with the name of a job. */
  jobsNamed(name: string): Promise<{ metadata: { name: string; uid: string } }[]>
  stop(): Promise<void>
}

const waitLimitMs = 240_000

/** A Kubernetes remote id consists of name and UID. */
export const remoteNameOf = ({ remote }: ApiRecord) => String(remote?.id).split('/')[0] ?? ''

export async function startKubernetesFixture(): Promise<KubernetesFixture> {
  const database = await createTestDatabase()
  const cluster = await startKubernetesCluster()
  const switchyard = await startSwitchyard({
    databaseUrl: database.url,
    redis: testRedis(),
    // The drivers with their own settings, and a call timeout that covers a restart of the server.
    parts: { providers },
    settings: { timing: { callTimeoutMs: 12_000, sendWithinMs: 5000 }, leaseMs: 40_000 },
  })
  await cluster.admin('POST', '/api/v1/namespaces', { metadata: { name: namespace } })
  const token = await tokenWithRights(cluster)
  let counter = 0

  const connect: KubernetesFixture['connect'] = ({ settings = {}, credentials = { token }, network = {} } = {}) =>
    switchyard.api.ok('POST', '/connections', {
      name: `cluster-${counter++}`,
      settings: {
        kubernetes: { baseUrl: cluster.url, namespace, defaultImage: image, hostNetwork: true, ...settings },
      },
      credentials: { kubernetes: credentials },
      network: { caCertificate: cluster.caCertificate, ...network },
    })
  const { id: connectionId } = await connect()
  const until: KubernetesFixture['until'] = ({ id }, ...statuses) =>
    switchyard.api.until(`/jobs/${id}`, ({ status }) => statuses.includes(status), waitLimitMs)
  return {
    cluster,
    switchyard,
    connectionId,
    token,
    connect,
    submit: (more = {}) =>
      switchyard.api.ok('POST', '/jobs', { connectionId, name: `job-${counter++}`, script: 'true', ...more }),
    until,
    ended: (job) => until(job, 'succeeded', 'failed', 'canceled', 'unknown'),
    async jobsNamed(name) {
      const { json } = await cluster.admin('GET', jobsPath)
      return json.items.filter(({ metadata }: { metadata: { name: string } }) => metadata.name.startsWith(`${name}-sy`))
    },
    async stop() {
      await switchyard.stop()
      await cluster.stop()
      await database.drop()
    },
  }
}

/** Applies the example as an administrator and creates a token of its service account. */
async function tokenWithRights({ admin }: KubernetesCluster): Promise<string> {
  const example = new URL('../../examples/kubernetes/rights.yaml', import.meta.url)
  const paths: Readonly<Record<string, string>> = {
    ServiceAccount: `/api/v1/namespaces/${namespace}/serviceaccounts`,
    Role: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`,
    RoleBinding: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`,
  }
  for (const document of parseAllDocuments(readFileSync(example, 'utf8'))) {
    const object = document.toJS() as { kind: string }
    const { status, json } = await admin('POST', paths[object.kind] ?? '', object)
    if (status !== 201) throw new Error(`${object.kind} is refused: ${JSON.stringify(json)}`)
  }
  const { json } = await admin('POST', `${paths.ServiceAccount}/switchyard/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 7200 },
  })
  return json.status.token
}
