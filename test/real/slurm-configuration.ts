import { hostname, totalmem } from 'node:os'
import { isDataParser, type SlurmRelease } from './slurm-releases.ts'

// Debian's packages bring the first two. slurmrestd refuses root and SlurmUser, so it gets a user of its own, and since
// 24.11 or earlier the controller refuses jobs of nobody.
export const users = { munge: 'munge', controller: 'slurm', rest: 'daemon', job: 'games' }

export const nodeName = hostname().split('.')[0] ?? 'localhost'

interface Place {
  /** The directory of the cluster, as its daemons see it. */
  base: string
  controllerPort: number
  nodePort: number
}

/** No cgroups and no accounting: what a container of a continuous integration can give. */
export function slurmConf(release: SlurmRelease, place: Place): string {
  const { base, controllerPort, nodePort } = place
  const memoryMb = Math.floor((totalmem() / 1024 / 1024) * 0.9)
  return `ClusterName=test
SlurmctldHost=${nodeName}(127.0.0.1)
SlurmctldPort=${controllerPort}
SlurmdPort=${nodePort}
SlurmUser=${users.controller}
${authentication(release, place)}
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key=${base}/state/jwt.key
StateSaveLocation=${base}/state
SlurmdSpoolDir=${base}/spool
SlurmctldPidFile=${base}/state/slurmctld.pid
SlurmdPidFile=${base}/spool/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=64
GresTypes=gpu,tape
SchedulerParameters=batch_sched_delay=0,sched_min_interval=1000,bf_interval=1
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
MinJobAge=300
KillWait=2
NodeName=${nodeName} NodeAddr=127.0.0.1 CPUs=16 Boards=1 SocketsPerBoard=1 CoresPerSocket=16 ThreadsPerCore=1 RealMemory=${memoryMb} Gres=gpu:t4:2,tape:4 State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=01:00:00 DefaultTime=00:10:00 State=UP
`
}

/** Since 23.11 Slurm has a plugin that needs no munge; since 24.11 it knows no `none` for what it does not gather. */
function authentication(release: SlurmRelease, { base }: Place): string {
  if (isDataParser(release)) return `AuthType=auth/slurm\nAuthInfo=slurm_key=${base}/slurm.key\nCredType=cred/slurm`
  return `AuthType=auth/munge
AuthInfo=socket=${base}/munge/munge.socket
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none`
}

export const gresConf = 'Name=gpu Type=t4 File=/dev/null\nName=gpu Type=t4 File=/dev/zero\nName=tape Count=4\n'

export function restArguments(release: SlurmRelease, port: number): string[] {
  const { versions } = release
  const plugins = isDataParser(release)
    ? ['-s', 'slurmctld', '-d', versions.join(',')]
    : ['-s', versions.map((version) => `openapi/${version}`).join(',')]
  return ['-a', 'rest_auth/jwt', ...plugins, `127.0.0.1:${port}`]
}

export function mungeArguments(directory: string): string[] {
  const at = (name: string) => `${directory}/${name}`
  return [
    '--foreground',
    `--key-file=${at('munge.key')}`,
    `--socket=${at('munge.socket')}`,
    `--pid-file=${at('munged.pid')}`,
    `--log-file=${at('munged.log')}`,
    `--seed-file=${at('munged.seed')}`,
  ]
}
