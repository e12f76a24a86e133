import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isListening } from '../../src/commands/engines/engine.ts'
import { freePorts } from '../support/free-ports.ts'
import { type Daemon, makeDaemon } from './daemon.ts'
import type { System } from './debian-root.ts'
import { daemonPath } from './requirements.ts'
import { gresConf, mungeArguments, nodeName, restArguments, slurmConf, users } from './slurm-configuration.ts'
import { isDataParser, type SlurmRelease, systemOf } from './slurm-releases.ts'

/** One node with sixteen pretended CPUs and two pretended T4, behind a JWT-protected REST daemon. */
export interface SlurmCluster {
  url: string
  user: string
  /** The cluster's key, base64. */
  key: string
  /** Where jobs may write, as they see it. */
  directory: string
  nodeName: string
  controller: Daemon
  node: Daemon
  rest: Daemon
  /** A file that a job wrote. */
  output(name: string): string
  /** Ids of all jobs of this name that the controller knows, ended ones too: what `squeue` shows. */
  jobsNamed(name: string): readonly string[]
  /** What an administrator does with `scontrol`; answers what it prints, refusals too. */
  scontrol(...args: string[]): string
  /** What the user does with `sbatch`, past Switchyard. The job inherits API_PASSCODE=of-the-user. */
  sbatch(script: string, ...args: string[]): string
  /** Resolves when the controller has saved a job as it is now: what it has not saved is lost if it is killed. */
  untilSaved(id: string): Promise<void>
  stop(): Promise<void>
}

export async function startSlurmCluster(release: SlurmRelease): Promise<SlurmCluster> {
  const system = await systemOf(release)
  requireRelease(system, release)
  const made = mkdtempSync(system.outside('/tmp/switchyard-slurm-'))
  chmodSync(made, 0o755)
  const base = `/tmp/${basename(made)}`
  const inside = (...names: string[]) => join(base, ...names)
  const outside = (...names: string[]) => system.outside(inside(...names))
  const key = randomBytes(32)
  const controllerPort = await freePorts(3)
  const [nodePort, restPort] = [controllerPort + 1, controllerPort + 2]
  furnish(system, base, { release, key, controllerPort, nodePort })

  const env = { PATH: daemonPath, SLURM_CONF: inside('slurm.conf') }
  const run = (
    program: string,
    args: string[],
    more: { user?: string; input?: string; env?: Record<string, string> } = {},
  ) => {
    const [file, ...rest] = system.command(program, args, more.user)
    // A client waits long for a controller that is not there.
    const input = more.input === undefined ? {} : { input: more.input }
    const { stdout, stderr } = spawnSync(file, rest, {
      env: { ...env, ...more.env },
      encoding: 'utf8',
      timeout: 10_000,
      ...input,
    })
    return stdout + stderr
  }
  const daemon = (program: string, args: string[], user: string | null, isReady: () => boolean | Promise<boolean>) =>
    makeDaemon({
      ...{ program, args, user, system, isReady },
      // Its own calls to the controller are made with the caller's token.
      env: program === 'slurmrestd' ? { ...env, SLURM_JWT: 'daemon' } : env,
      cwd: outside('log'),
      logFile: outside('log', `${program}.log`),
    })
  const munged = daemon('munged', mungeArguments(inside('munge')), users.munge, () =>
    existsSync(outside('munge', 'munge.socket')),
  )
  const controller = daemon('slurmctld', ['-D'], users.controller, () =>
    isListening(`http://127.0.0.1:${controllerPort}`),
  )
  const node = daemon('slurmd', ['-D', '-N', nodeName], null, () =>
    /idle|mix|alloc/.test(run('sinfo', ['-h', '-o', '%T'])),
  )
  const url = `http://127.0.0.1:${restPort}`
  const rest = daemon('slurmrestd', restArguments(release, restPort), users.rest, () => isListening(url))
  const daemons = [...(isDataParser(release) ? [] : [munged]), controller, node, rest]
  const stop = async () => {
    for (const each of daemons.toReversed()) await each.stop()
    rmSync(made, { recursive: true, force: true })
    system.leave()
  }
  try {
    for (const each of daemons) await each.start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    ...{ url, user: users.job, key: key.toString('base64'), nodeName },
    ...{ controller, node, rest, directory: inside('work'), stop },
    output: (name) => readFileSync(outside('work', name), 'utf8'),
    jobsNamed: (name) =>
      run('squeue', ['--noheader', '--states=all', `--name=${name}`, '--format=%i'])
        .split('\n')
        .filter(Boolean),
    scontrol: (...args) => run('scontrol', args),
    async untilSaved(id) {
      const mark = `saved-${id}`
      run('scontrol', ['update', `JobId=${id}`, `AdminComment=${mark}`])
      const isSaved = () =>
        existsSync(outside('state', 'job_state')) && readFileSync(outside('state', 'job_state')).includes(mark)
      for (const giveUpAt = Date.now() + 20_000; !isSaved(); await delay(100))
        if (Date.now() > giveUpAt) throw new Error(`the controller does not save job ${id}`)
    },
    sbatch: (script, ...args) =>
      run('sbatch', [`--chdir=${inside('work')}`, ...args], {
        ...{ user: users.job, input: script, env: { API_PASSCODE: 'of-the-user' } },
      }),
  }
}

function requireRelease(system: System, { name, suite }: SlurmRelease): void {
  const [file, ...args] = system.command('slurmctld', ['-V'])
  const { stdout, stderr } = spawnSync(file, args, { env: { PATH: daemonPath }, encoding: 'utf8' })
  if (stdout.startsWith(`slurm-wlm ${name}.`)) return
  system.leave()
  const where = suite === undefined ? 'this system' : `Debian ${suite} in .cache/roots/${suite}`
  throw new Error(
    `These tests are of Slurm ${name}, but \`slurmctld -V\` of ${where} prints: ${`${stdout}${stderr}`.trim()}. ` +
      'If the root is old, delete it; if Debian has another release by now, change slurm-releases.ts.',
  )
}

/** Directories, keys and configuration files. */
function furnish(
  system: System,
  base: string,
  { release, key, ...ports }: { release: SlurmRelease; key: Buffer; controllerPort: number; nodePort: number },
): void {
  const own = (path: string, owner: string) => {
    const { uid, gid } = system.account(owner)
    chownSync(path, uid, gid)
  }
  const directory = (path: string, owner: string) => {
    mkdirSync(system.outside(path), { recursive: true })
    own(system.outside(path), owner)
  }
  const file = (name: string, content: string | Buffer, owner = 'root') => {
    const path = system.outside(`${base}/${name}`)
    writeFileSync(path, content, { mode: typeof content === 'string' ? 0o644 : 0o400 })
    own(path, owner)
  }
  for (const name of ['log', 'spool']) directory(`${base}/${name}`, 'root')
  directory(`${base}/state`, users.controller)
  directory(`${base}/work`, users.job)
  if (isDataParser(release)) {
    // 26.05 does not start without it.
    directory('/run/slurmctld', users.controller)
    file('cgroup.conf', 'CgroupPlugin=disabled\n')
    file('slurm.key', randomBytes(32), users.controller)
  } else {
    directory(`${base}/munge`, users.munge)
    file('munge/munge.key', randomBytes(128), users.munge)
  }
  file('state/jwt.key', key, users.controller)
  file('slurm.conf', slurmConf(release, { base, ...ports }))
  file('gres.conf', gresConf)
}
