import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../support/free-ports.ts'
import { type Daemon, makeDaemon } from './daemon.ts'
import { buildKubernetes, missingForBuild } from './kubernetes-build.ts'
import { type Authority, makeAuthority } from './kubernetes-certificates.ts'
import { hasProgram, type Requirements } from './requirements.ts'

export function clusterRequirements(): Requirements {
  return {
    what: 'a Kubernetes control plane',
    missing: [...missingForBuild(), ...['etcd', 'openssl'].filter((name) => !hasProgram(name))],
    install: 'RUNLEVEL=1 apt-get install --no-install-recommends etcd-server openssl; Go: https://go.dev/dl/',
    isPromised: process.env.REQUIRE_KUBERNETES === '1',
  }
}

export interface Reply {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests read parts of the body without its type
  json: any
}

/** A control plane on the loopback interface, without nodes. */
export interface KubernetesCluster {
  url: string
  directory: string
  /** The certificate of the server, which clients trust. */
  caCertificate: string
  /** Signs client certificates. */
  authority: Authority
  kubeconfig: string
  /** The token of an administrator. */
  adminToken: string
  etcd: Daemon
  apiserver: Daemon
  /** Calls the API as an administrator. */
  admin(method: string, path: string, body?: object): Promise<Reply>
  stop(): Promise<void>
}

/** The controllers that Jobs and StatefulSets need. */
const controllers = `job-controller statefulset-controller node-lifecycle-controller garbage-collector-controller
  namespace-controller pod-garbage-collector-controller ttl-after-finished-controller serviceaccount-controller
  persistentvolume-binder-controller resourcequota-controller`

/** The first start may be slow next to other tests. */
const readyWithinMs = 120_000

export async function startKubernetesCluster(): Promise<KubernetesCluster> {
  const kube = await buildKubernetes('kube')
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-kubernetes-'))
  const inside = (...names: string[]) => join(directory, ...names)
  for (const name of ['log', 'etcd', 'certs']) mkdirSync(inside(name), { mode: 0o700 })
  const [port, etcdPort, peerPort] = await threePorts()
  const url = `https://127.0.0.1:${port}`
  const token = randomBytes(16).toString('hex')
  const authority = makeAuthority(inside('certs'))
  writeFileSync(inside('tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 })
  writeFileSync(inside('kubeconfig'), kubeconfigOf(url, token), { mode: 0o600 })
  const ca = () => readFileSync(inside('certs', 'apiserver.crt'), 'utf8')
  const admin = async (method: string, path: string, body?: object) =>
    send({ port, token, ca: ca() }, { method, path, body })
  const isServing = () =>
    admin('GET', '/readyz').then(
      ({ status }) => status === 200,
      () => false,
    )
  const isRunning = () =>
    admin('GET', '/api/v1/namespaces/default').then(
      ({ status }) => status === 200,
      () => false,
    )
  const daemon = (name: string, program: string, args: readonly string[], isReady: () => Promise<boolean> | boolean) =>
    makeDaemon({
      ...{ program, args, isReady, readyWithinMs, user: null, cwd: directory },
      logFile: inside('log', name),
    })

  const etcd = daemon('etcd', 'etcd', etcdArguments(inside('etcd'), { etcdPort, peerPort }), () => true)
  const apiserver = daemon('apiserver', kube, apiserverArguments(directory, { port, etcdPort }), isServing)
  const shared = ['--kubeconfig', inside('kubeconfig'), '--leader-elect=false', '--secure-port', '0']
  const manager = daemon('manager', kube, ['controller-manager', ...shared, ...managerArguments(directory)], isRunning)
  const scheduler = daemon('scheduler', kube, ['scheduler', ...shared], () => true)
  const daemons = [etcd, apiserver, manager, scheduler]
  const stop = async () => {
    for (const each of daemons.toReversed()) await each.stop()
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    for (const each of daemons) await each.start()
  } catch (error) {
    await stop()
    throw error
  }
  const kubeconfig = inside('kubeconfig')
  return { url, directory, caCertificate: ca(), authority, kubeconfig, adminToken: token, etcd, apiserver, admin, stop }
}

async function threePorts(): Promise<readonly [number, number, number]> {
  const first = await freePorts(3)
  return [first, first + 1, first + 2]
}

function etcdArguments(data: string, { etcdPort, peerPort }: { etcdPort: number; peerPort: number }): string[] {
  const [clients, peers] = [`http://127.0.0.1:${etcdPort}`, `http://127.0.0.1:${peerPort}`]
  return [
    ...['--data-dir', data, '--listen-client-urls', clients, '--advertise-client-urls', clients],
    ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers, '--initial-cluster', `default=${peers}`],
  ]
}

function apiserverArguments(directory: string, { port, etcdPort }: { port: number; etcdPort: number }): string[] {
  const inside = (...names: string[]) => join(directory, ...names)
  return [
    ...['apiserver', '--etcd-servers', `http://127.0.0.1:${etcdPort}`, '--secure-port', String(port)],
    ...['--bind-address', '127.0.0.1', '--advertise-address', '127.0.0.1', '--cert-dir', inside('certs')],
    ...['--service-account-issuer', 'https://kubernetes.default.svc'],
    ...['--service-account-key-file', inside('certs', 'accounts.key')],
    ...['--service-account-signing-key-file', inside('certs', 'accounts.key')],
    ...['--token-auth-file', inside('tokens.csv'), '--client-ca-file', inside('certs', 'clients.crt')],
    ...['--anonymous-auth=false', '--authorization-mode', 'RBAC', '--service-cluster-ip-range', '10.96.0.0/24'],
    ...['--endpoint-reconciler-type', 'none', '--kubelet-preferred-address-types', 'Hostname'],
  ]
}

function managerArguments(directory: string): string[] {
  const key = join(directory, 'certs', 'accounts.key')
  return ['--service-account-private-key-file', key, '--controllers', controllers.split(/\s+/).join(',')]
}

function kubeconfigOf(server: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  })
}

function send(
  { port, token, ca }: { port: number; token: string; ca: string },
  { method, path, body }: { method: string; path: string; body: object | undefined },
): Promise<Reply> {
  const isPatch = method === 'PATCH'
  const type = isPatch ? 'application/merge-patch+json' : 'application/json'
  const headers = { authorization: `Bearer ${token}`, 'content-type': type }
  return new Promise((resolve, reject) => {
    const options = { hostname: '127.0.0.1', port, path, method, headers, ca, agent: false, timeout: 30_000 }
    const sent = request(options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        text += chunk
      })
      response.once('end', () => {
        const json = text.startsWith('{') ? JSON.parse(text) : text
        resolve({ status: response.statusCode ?? 0, json })
      })
    })
    sent.once('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
