import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { run } from '../sdks/run-command.ts'
import { missing } from '../sdks/toolchains.ts'
import { environment, install } from '../sdks/tools.ts'
import { kubernetesSchemas } from './kubernetes-schemas.ts'
import versions from './versions.json' with { type: 'json' }

export const chart = join(import.meta.dirname, '../../deploy/helm/switchyard')

const runOptions = { cwd: join(import.meta.dirname, '../..'), env: environment() }

/** Why the tests cannot run here; empty if they can. With REQUIRE_DEPLOY=1 they run, and fail. */
export const reasonToSkip = process.env.REQUIRE_DEPLOY === '1' ? '' : missing(['go', 'python']).join(', ')
if (reasonToSkip !== '') process.stderr.write(`skipped: tests of the Helm chart: they require ${reasonToSkip}\n`)

const packages = {
  helm: `helm.sh/helm/v4/cmd/helm@${versions.go['helm.sh/helm/v4']}`,
  kubeconform: `github.com/yannh/kubeconform/cmd/kubeconform@${versions.go['github.com/yannh/kubeconform']}`,
}

async function goProgram(name: keyof typeof packages): Promise<string> {
  const directory = await install(name, packages[name], async ({ cwd, env }) => {
    await run(['go', 'install', packages[name]], { cwd, env: { ...env, GOBIN: cwd } }, buildLimitMs)
  })
  return join(directory, name)
}

/** Building Helm takes long: it includes the Kubernetes client. */
const buildLimitMs = 1_200_000

export async function helm(...args: readonly string[]): Promise<string> {
  return run([await goProgram('helm'), ...args], runOptions)
}

/** Values without a default. */
export const required = {
  image: { repository: 'registry.example.com/switchyard' },
  secrets: { existingSecret: 'switchyard' },
}

/** Runs `use` with a temporary values file. */
export const withValues = <T>(values: object, use: (file: string) => Promise<T>): Promise<T> =>
  // JSON is YAML.
  withFile(JSON.stringify(values), use)

export async function withFile<T>(text: string, use: (file: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-deploy-'))
  try {
    const file = join(directory, 'file.yaml')
    await writeFile(file, text)
    return await use(file)
  } finally {
    await rm(directory, { recursive: true })
  }
}

export type Labels = Readonly<Record<string, string>>

/** The fields of a Kubernetes object that tests read. Schema validation covers the rest. */
export interface Manifest {
  kind: string
  metadata: { name: string; labels: Labels; annotations?: Labels }
  spec: {
    replicas?: number
    strategy?: { rollingUpdate: { maxUnavailable: number } }
    template?: { metadata: { labels: Labels; annotations?: Labels }; spec: PodSpec }
    /** A Service has labels here instead of `matchLabels`. */
    selector?: { matchLabels?: object }
    podSelector?: { matchLabels?: object }
    egress?: readonly { to?: readonly unknown[]; ports: readonly { protocol: string; port: number | string }[] }[]
    metrics?: readonly { type: string; external?: unknown }[]
  }
}

export interface PodSpec {
  serviceAccountName: string
  automountServiceAccountToken: boolean
  terminationGracePeriodSeconds: number
  securityContext: { runAsNonRoot: boolean; runAsUser?: number; seccompProfile: { type: string } }
  containers: readonly Container[]
}

export interface Container {
  image: string
  args?: readonly string[]
  env: readonly EnvironmentVariable[]
  readinessProbe?: { httpGet: { path: string }; periodSeconds: number; failureThreshold: number }
  livenessProbe?: { httpGet: { path: string } }
  securityContext: unknown
  volumeMounts: readonly { name: string; mountPath: string }[]
}

export interface EnvironmentVariable {
  name: string
  value?: string
  valueFrom?: { secretKeyRef: { name: string; key: string } }
}

/** Renders the chart; later values files override earlier ones. */
export async function render(...files: readonly string[]): Promise<Manifest[]> {
  const options = ['--namespace', 'switchyard', ...files.flatMap((file) => ['--values', file])]
  const text = await helm('template', 'switchyard', chart, ...options)
  return parseAllDocuments(text).flatMap((document) => {
    const manifest: Manifest | null = document.toJS()
    return manifest === null ? [] : [manifest]
  })
}

/** Renders the chart with the required values and these. */
export const renderWith = (values: object = {}): Promise<Manifest[]> =>
  withValues({ ...required, ...values }, (file) => render(file))

/** Fails unless the manifests are valid in this Kubernetes version and have no unknown fields. */
export async function validate(file: string, version: string): Promise<string> {
  const location = join(await kubernetesSchemas(), version, '{{.ResourceKind}}{{.KindSuffix}}.json')
  const options = ['-strict', '-summary', '-schema-location', location]
  return run([await goProgram('kubeconform'), ...options, file], runOptions)
}

/** Installs the programs and schemas before the first test. */
export async function prepare(): Promise<void> {
  for (const name of ['helm', 'kubeconform'] as const) await goProgram(name)
  await kubernetesSchemas()
}
