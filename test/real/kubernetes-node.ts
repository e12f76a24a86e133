import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../support/free-ports.ts'
import { makeDaemon } from './daemon.ts'
import { buildKubernetes } from './kubernetes-build.ts'
import { clusterRequirements, type KubernetesCluster } from './kubernetes-cluster.ts'
import { image, writeImage } from './kubernetes-image.ts'
import { daemonPath, hasProgram, type Requirements } from './requirements.ts'

const plugins = '/usr/lib/cni'
const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path)) ?? ''
const nodeName = 'localhost'

export function nodeRequirements(): Requirements {
  const { missing } = clusterRequirements()
  const programs = ['containerd', 'ctr', 'runc', 'busybox', 'unshare', 'nsenter'].filter((name) => !hasProgram(name))
  return {
    what: 'a Kubernetes cluster with a node',
    missing: [
      ...missing,
      ...programs,
      ...(existsSync(join(plugins, 'ptp')) ? [] : [`the CNI plugins in ${plugins}`]),
      ...(process.getuid?.() === 0 ? [] : ['root, for containers']),
      ...(mayMount() ? [] : ['permission to mount, which this container lacks']),
    ],
    install:
      'RUNLEVEL=1 apt-get install --no-install-recommends etcd-server openssl containerd runc containernetworking-plugins busybox-static; Go: https://go.dev/dl/',
    // Some CI machines cannot run containers.
    isPromised: false,
  }
}

function mayMount(): boolean {
  return (
    spawnSync('unshare', ['--mount', '--propagation', 'private', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0
  )
}

/** Settings that the kubelet and the network of pods change on the machine. */
const sysctls = ['vm.overcommit_memory', 'kernel.panic', 'kernel.panic_on_oops', 'net.ipv4.ip_forward']

/** A node: containerd and the kubelet in a separate mount namespace, so that their mounts end with them. */
export async function startNode(cluster: KubernetesCluster): Promise<{ stop(): Promise<void> }> {
  const program = await buildKubernetes('kubelet')
  const inside = (...names: string[]) => join(cluster.directory, 'node', ...names)
  for (const name of ['cni', 'run', 'root', 'state', 'kubelet', 'log']) mkdirSync(inside(name), { recursive: true })
  const archive = writeImage(inside(), busybox)
  writeFileSync(inside('cni', '10-pods.conflist'), JSON.stringify(networkOf(inside('addresses'))))
  writeFileSync(inside('containerd.toml'), containerdSettings(inside()))
  const socket = inside('run', 'containerd.sock')
  writeFileSync(inside('kubelet.json'), JSON.stringify(kubeletSettings(inside(), socket, await freePort())))
  const initialValues = execFileSync('sysctl', ['-n', ...sysctls], {
    env: { PATH: daemonPath },
    encoding: 'utf8',
  }).trim()

  const common = { user: null, cwd: inside(), readyWithinMs: 120_000 }
  const containerd = makeDaemon({
    ...{ ...common, program: 'unshare', logFile: inside('log', 'containerd.log') },
    args: ['--mount', '--propagation', 'private', 'containerd', '--config', inside('containerd.toml')],
    isReady: () => existsSync(socket) && ctr('version').status === 0,
  })
  const insideNamespace = (...command: string[]) => ['-t', String(containerd.pid()), '-m', ...command]
  const ctr = (...args: string[]) =>
    spawnSync('nsenter', insideNamespace('ctr', '-a', socket, '-n', 'k8s.io', ...args), {
      ...{ env: { PATH: daemonPath }, encoding: 'utf8' },
    })
  await containerd.start()
  const imported = ctr('images', 'import', archive)
  if (imported.status !== 0) throw new Error(`The image cannot be imported: ${imported.stderr}`)

  const isReady = async () => {
    const { json } = await cluster.admin('GET', `/api/v1/nodes/${nodeName}`)
    const conditions: { type: string; status: string }[] = json.status?.conditions ?? []
    return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
  }
  const kubelet = makeDaemon({
    ...{ ...common, program: 'nsenter', logFile: inside('log', 'kubelet.log'), isReady },
    args: insideNamespace(
      ...[program, '--kubeconfig', cluster.kubeconfig, '--config', inside('kubelet.json')],
      ...['--root-dir', inside('kubelet'), '--hostname-override', nodeName, '--cert-dir', inside('pki')],
    ),
  })

  async function stop(): Promise<void> {
    await kubelet.stop()
    // Containers keep running after both have ended.
    for (const task of ctr('tasks', 'ls', '-q').stdout.split('\n').filter(Boolean)) ctr('tasks', 'rm', '-f', task)
    await containerd.stop()
    for (const group of globSync('/sys/fs/cgroup/**/k8s.io*/**/').toReversed()) removeGroup(group)
    const values = initialValues.split('\n').map((value, index) => `${sysctls[index]}=${value}`)
    spawnSync('sysctl', ['-qw', ...values], { env: { PATH: daemonPath } })
  }
  try {
    await kubelet.start()
  } catch (error) {
    await stop()
    throw error
  }
  return { stop }
}

function removeGroup(path: string): void {
  try {
    rmdirSync(path)
  } catch {
    // In use, or already removed.
  }
}

/** Connects pods with the node only, which suffices for the tests. */
const networkOf = (dataDir: string) => ({
  ...{ cniVersion: '0.4.0', name: 'pods' },
  plugins: [{ type: 'ptp', ipam: { type: 'host-local', subnet: '10.231.7.0/24', dataDir } }],
})

function containerdSettings(base: string): string {
  return `version = 2
root = "${base}/root-of-containerd"
state = "${base}/state"
[grpc]
  address = "${base}/run/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${image}"
  enable_selinux = false
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${plugins}"
    conf_dir = "${base}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "${spawnSync('which', ['runc'], { env: { PATH: daemonPath }, encoding: 'utf8' }).stdout.trim()}"
`
}

/** No QoS cgroups and no eviction, which a CI container cannot provide. */
function kubeletSettings(base: string, socket: string, port: number): object {
  return {
    ...{ apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration' },
    ...{ address: '127.0.0.1', port, readOnlyPort: 0, healthzPort: 0 },
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    ...{ cgroupDriver: 'cgroupfs', cgroupsPerQOS: false, enforceNodeAllocatable: ['none'] },
    containerRuntimeEndpoint: `unix://${socket}`,
    ...{ failSwapOn: false, failCgroupV1: false, makeIPTablesUtilChains: false, imageGCHighThresholdPercent: 100 },
    evictionHard: {
      ...{ 'nodefs.available': '0%', 'imagefs.available': '0%' },
      ...{ 'memory.available': '10Mi', 'nodefs.inodesFree': '0%', 'imagefs.inodesFree': '0%' },
    },
    ...{ resolvConf: '/etc/resolv.conf', staticPodPath: '', podLogsDir: join(base, 'log') },
  }
}
