import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir, totalmem, userInfo } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../support/free-ports.ts'
import { type Daemon, makeDaemon } from './daemon.ts'
import { daemonPath, hasProgram, type Requirements } from './requirements.ts'

const programs = ['munged', 'slurmctld', 'slurmd', 'slurmrestd', 'squeue', 'scontrol']

export function slurmRequirements(): Requirements {
  const isJwtThere = globSync('/usr/lib/{*/,}slurm*/auth_jwt.so').length > 0
  return {
    what: 'a Slurm cluster',
    missing: [
      ...programs.filter((name) => !hasProgram(name)),
      ...(isJwtThere ? [] : ['the plugin auth_jwt.so']),
      ...(process.getuid?.() === 0 ? [] : ['root, to run its daemons as their own users']),
    ],
    // RUNLEVEL=1 keeps the packaged services off.
    install:
      'RUNLEVEL=1 apt-get install --no-install-recommends slurmctld slurmd slurmrestd slurm-client munge slurm-wlm-jwt-plugin',
  }
}

/** One node with sixteen pretended CPUs and two pretended T4, behind a JWT-protected REST daemon. */
export interface SlurmCluster {
  url: string
  user: string
  /** The cluster's key, base64. */
  key: string
  /** Where jobs may write. */
  directory: string
  controller: Daemon
  rest: Daemon
  /** Ids of all jobs of this name that the controller knows, ended ones too: what `squeue` shows. */
  jobsNamed(name: string): readonly string[]
  /** What an administrator does with `scontrol`; answers what it prints, refusals too. */
  scontrol(...args: string[]): string
  stop(): Promise<void>
}

// Debian's packages bring the first two. slurmrestd refuses root and SlurmUser, so it gets a user of its own.
const users = { munge: 'munge', controller: 'slurm', rest: 'daemon', job: 'nobody' }

export async function startSlurmCluster(): Promise<SlurmCluster> {
  const base = mkdtempSync(join(tmpdir(), 'switchyard-slurm-'))
  chmodSync(base, 0o755)
  const inside = (...names: string[]) => join(base, ...names)
  makeDirectory(inside('log'), 'root', 0o755)
  makeDirectory(inside('spool'), 'root', 0o755)
  makeDirectory(inside('munge'), users.munge, 0o755)
  makeDirectory(inside('state'), users.controller, 0o755)
  makeDirectory(inside('work'), users.job, 0o755)
  const key = randomBytes(32)
  writeKey(inside('munge', 'munge.key'), randomBytes(128), users.munge)
  writeKey(inside('state', 'jwt.key'), key, users.controller)
  const controllerPort = await freePorts(3)
  const [nodePort, restPort] = [controllerPort + 1, controllerPort + 2]
  writeFileSync(inside('slurm.conf'), configuration(base, { controllerPort, nodePort }))
  writeFileSync(inside('gres.conf'), 'Name=gpu Type=t4 File=/dev/null\nName=gpu Type=t4 File=/dev/zero\n')

  const env = { SLURM_CONF: inside('slurm.conf') }
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { env: { PATH: daemonPath, ...env }, encoding: 'utf8', stdio: 'pipe' })
  const says = (expected: string, program: string, ...args: string[]) => {
    try {
      return run(program, ...args).includes(expected)
    } catch {
      return false
    }
  }
  const daemon = (program: string, args: string[], user: string | null, isReady: () => boolean | Promise<boolean>) =>
    makeDaemon({ program, args, user, isReady, env, cwd: inside('log'), logFile: inside('log', `${program}.log`) })

  const url = `http://127.0.0.1:${restPort}`
  const munged = daemon('munged', mungeArguments(inside('munge')), users.munge, () =>
    existsSync(inside('munge', 'munge.socket')),
  )
  const controller = daemon('slurmctld', ['-D'], users.controller, () => says('is UP', 'scontrol', 'ping'))
  const node = daemon('slurmd', ['-D', '-N', nodeName], null, () => says('idle', 'sinfo', '-h', '-o', '%T'))
  const rest = makeDaemon({
    program: 'slurmrestd',
    args: ['-a', 'rest_auth/jwt', '-s', 'openapi/v0.0.37,openapi/v0.0.38', `127.0.0.1:${restPort}`],
    user: users.rest,
    // Its own calls to the controller are made with the caller's token.
    env: { ...env, SLURM_JWT: 'daemon' },
    cwd: inside('log'),
    logFile: inside('log', 'slurmrestd.log'),
    isReady: () =>
      fetch(url).then(
        () => true,
        () => false,
      ),
  })
  const daemons = [munged, controller, node, rest]
  const stop = async () => {
    for (const each of daemons.toReversed()) await each.stop()
    rmSync(base, { recursive: true, force: true })
  }
  try {
    for (const each of daemons) await each.start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url,
    user: users.job,
    key: key.toString('base64'),
    directory: inside('work'),
    controller,
    rest,
    jobsNamed: (name) =>
      run('squeue', '--noheader', '--states=all', `--name=${name}`, '--format=%i').split('\n').filter(Boolean),
    scontrol(...args) {
      const { stdout, stderr } = spawnSync('scontrol', args, { env: { PATH: daemonPath, ...env }, encoding: 'utf8' })
      return stdout + stderr
    },
    stop,
  }
}

const nodeName = hostname().split('.')[0] ?? 'localhost'

/** No cgroups and no accounting: what a container of a continuous integration can give. */
function configuration(base: string, ports: { controllerPort: number; nodePort: number }): string {
  const memoryMb = Math.floor((totalmem() / 1024 / 1024) * 0.9)
  return `ClusterName=test
SlurmctldHost=${nodeName}(127.0.0.1)
SlurmctldPort=${ports.controllerPort}
SlurmdPort=${ports.nodePort}
SlurmUser=${users.controller}
AuthType=auth/munge
AuthInfo=socket=${base}/munge/munge.socket
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key=${base}/state/jwt.key
StateSaveLocation=${base}/state
SlurmdSpoolDir=${base}/spool
SlurmctldPidFile=${base}/state/slurmctld.pid
SlurmdPidFile=${base}/spool/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=64
GresTypes=gpu
SchedulerParameters=batch_sched_delay=0,sched_min_interval=1000,bf_interval=1
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
MinJobAge=300
KillWait=2
NodeName=${nodeName} NodeAddr=127.0.0.1 CPUs=16 Boards=1 SocketsPerBoard=1 CoresPerSocket=16 ThreadsPerCore=1 RealMemory=${memoryMb} Gres=gpu:t4:2 State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=01:00:00 DefaultTime=00:10:00 State=UP
`
}

function mungeArguments(directory: string): string[] {
  const at = (name: string) => join(directory, name)
  return [
    '--foreground',
    `--key-file=${at('munge.key')}`,
    `--socket=${at('munge.socket')}`,
    `--pid-file=${at('munged.pid')}`,
    `--log-file=${at('munged.log')}`,
    `--seed-file=${at('munged.seed')}`,
  ]
}

function makeDirectory(path: string, owner: string, mode: number): void {
  mkdirSync(path, { mode })
  own(path, owner)
}

function writeKey(path: string, key: Buffer, owner: string): void {
  writeFileSync(path, key, { mode: 0o400 })
  own(path, owner)
}

function own(path: string, owner: string): void {
  const [uid = 0, gid = 0] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, owner], { encoding: 'utf8' })))
  if (owner !== userInfo().username) chownSync(path, uid, gid)
}
