import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { parseAllDocuments } from 'yaml'
import { freePorts } from '../support/free-ports.ts'
import { makeDaemon } from './daemon.ts'
import { buildKubernetes, kueueManifests } from './kubernetes-build.ts'
import type { KubernetesCluster } from './kubernetes-cluster.ts'

// biome-ignore lint/suspicious/noExplicitAny: manifests of Kueue, whose parts are read and changed
type Manifest = any

const namespace = 'kueue-system'
const service = 'kueue-webhook-service'
const secret = 'kueue-webhook-server-cert'
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
export const kueueApi = '/apis/kueue.x-k8s.io/v1beta2'

/** Installs Kueue for Jobs, and starts its controller with its webhooks. */
export async function startKueue(cluster: KubernetesCluster): Promise<{ stop(): Promise<void> }> {
  const program = await buildKubernetes('kueue')
  const directory = join(cluster.directory, 'kueue')
  const certificates = join(directory, 'certificates')
  mkdirSync(certificates, { recursive: true })
  const webhook = await freePorts(2)
  const health = webhook + 1
  await install(cluster, webhook)
  const settings = join(directory, 'settings.json')
  writeFileSync(settings, JSON.stringify(settingsOf(certificates, { webhook, health })))
  const daemon = makeDaemon({
    ...{ program, args: ['--config', settings], user: null, cwd: directory, readyWithinMs: 120_000 },
    env: { KUBECONFIG: cluster.kubeconfig },
    logFile: join(directory, 'log'),
    async isReady() {
      await mountSecret(cluster, certificates)
      return isServing(`http://127.0.0.1:${health}/readyz`)
    },
  })
  const stop = async () => {
    await uninstall(cluster)
    await daemon.stop()
  }
  try {
    await daemon.start()
  } catch (error) {
    await stop()
    throw error
  }
  return { stop }
}

/** Kueue stores its certificates in a Secret and waits until they are files, as the kubelet makes them of a volume. */
async function mountSecret({ admin }: KubernetesCluster, directory: string): Promise<void> {
  const { json } = await admin('GET', `/api/v1/namespaces/${namespace}/secrets/${secret}`)
  for (const [name, value] of Object.entries<string>(json.data ?? {}))
    writeFileSync(join(directory, name), Buffer.from(value, 'base64'), { mode: 0o600 })
}

const isServing = (url: string): Promise<boolean> =>
  request(url).then(
    ({ statusCode, body }) => body.dump().then(() => statusCode === 200),
    () => false,
  )

/** What the release's manifests create, without its Deployment and what only serves it. */
async function install({ admin }: KubernetesCluster, port: number): Promise<void> {
  const create = async (path: string, object: object) => {
    const { status, json } = await admin('POST', path, object)
    if (status !== 201) throw new Error(`${path} is refused: ${JSON.stringify(json)}`)
  }
  await create('/api/v1/namespaces', { metadata: { name: namespace } })
  const inNamespace = `/api/v1/namespaces/${namespace}`
  await create(`${inNamespace}/secrets`, { metadata: { name: secret } })
  // The API server resolves the name of the service by this object, and checks the certificate for it.
  const spec = { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] }
  await create(`${inNamespace}/services`, { metadata: { name: service }, spec })
  const manifests = await kueueManifests()
  const at = (clientConfig: Manifest) => ({ service: { ...clientConfig.service, namespace, name: service, port } })
  const { patches } = firstIn(join(manifests, 'crd/kustomization.yaml'))
  const hasWebhook = (plural: string) =>
    patches.some(({ path }: Manifest) => path === `patches/webhook_in_${plural}.yaml`)
  for (const path of globSync(join(manifests, 'crd/bases/*.yaml'))) {
    const resource = firstIn(path)
    const isConverted = hasWebhook(resource.spec.names.plural)
    await create(definitions, isConverted ? withConversion(resource, at) : resource)
  }
  for (const configuration of allIn(join(manifests, 'webhook/manifests.yaml')))
    await create(pathOf(configuration), forJobs(configuration, at))
}

/** The webhooks reject every Job once Kueue has stopped. */
async function uninstall({ admin }: KubernetesCluster): Promise<void> {
  for (const configuration of allIn(join(await kueueManifests(), 'webhook/manifests.yaml')))
    await admin('DELETE', `${pathOf(configuration)}/${nameOf(configuration)}`)
}

const nameOf = ({ metadata }: Manifest) => `kueue-${metadata.name}`

const allIn = (path: string): Manifest[] => parseAllDocuments(readFileSync(path, 'utf8')).map((each) => each.toJS())
const firstIn = (path: string): Manifest => allIn(path)[0]

const pathOf = ({ kind }: Manifest) => `/apis/admissionregistration.k8s.io/v1/${String(kind).toLowerCase()}s`

type At = (clientConfig: Manifest) => object

/** Kueue converts the versions whose fields differ. */
function withConversion(resource: Manifest, at: At): Manifest {
  const webhook = { clientConfig: at({ service: { path: '/convert' } }), conversionReviewVersions: ['v1'] }
  return { ...resource, spec: { ...resource.spec, conversion: { strategy: 'Webhook', webhook } } }
}

/** The webhooks for Jobs and Kueue's own resources: those of other integrations are not served. */
function forJobs(configuration: Manifest, at: At): Manifest {
  const isServed = ({ rules }: Manifest) =>
    rules.every(({ apiGroups }: Manifest) => ['batch', 'kueue.x-k8s.io'].includes(apiGroups.join()))
  const webhooks = configuration.webhooks.filter(isServed)
  return {
    ...configuration,
    metadata: { name: nameOf(configuration) },
    webhooks: webhooks.map((webhook: Manifest) => ({ ...webhook, clientConfig: at(webhook.clientConfig) })),
  }
}

const settingsOf = (certDir: string, { webhook, health }: { webhook: number; health: number }) => ({
  ...{ apiVersion: 'config.kueue.x-k8s.io/v1beta2', kind: 'Configuration', namespace },
  health: { healthProbeBindAddress: `127.0.0.1:${health}` },
  metrics: { bindAddress: '0' },
  webhook: { host: '127.0.0.1', port: webhook, certDir },
  leaderElection: { leaderElect: false },
  internalCertManagement: { enable: true, webhookServiceName: service, webhookSecretName: secret },
  integrations: { frameworks: ['batch/job'] },
  // Its API of waiting workloads would need an aggregated API server.
  featureGates: { VisibilityOnDemand: false },
})
