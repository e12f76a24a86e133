import type { JobSpec } from '../../vocabulary/spec.ts'
import type { Accepts, SpecError } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { clockTime } from './durations.ts'
import { programErrors, programOf } from './mapping.ts'
import { foreignOptionErrors, option } from './options.ts'
import type { ScnetSettings } from './settings.ts'
import type { SubmitJob } from './wire.ts'

export function hpcAccepts({ defaultQueue, defaultWallTimeSeconds }: ScnetSettings): Accepts {
  return {
    name: { to: '', note: 'kept in Switchyard; the job is named after a correlation tag' },
    description: { to: '', note: 'kept in Switchyard' },
    command: { to: 'GAP_CMD_FILE' },
    script: { to: 'GAP_CMD_FILE' },
    environmentVariables: { to: 'GAP_CMD_FILE', note: 'exported before the program' },
    workingDirectory: { to: 'GAP_WORK_DIR', note: "absolute; defaults to the cluster user's home", pattern: '^/' },
    queue: { to: 'GAP_QUEUE', ...(defaultQueue === undefined ? { required: true } : { default: defaultQueue }) },
    'resources.cpus': { to: 'GAP_PPN' },
    'resources.memoryMiB': { to: 'GAP_JOB_MEM', note: 'sent in MB' },
    'resources.accelerator': { to: 'GAP_NGPU, GAP_NDCU' },
    'resources.accelerator.kind': { to: 'GAP_NGPU, GAP_NDCU', values: ['gpu', 'dcu'] },
    'resources.accelerator.count': { to: 'GAP_NGPU, GAP_NDCU' },
    'resources.nodes': { to: 'GAP_NNODE', default: 1 },
    timeLimitSeconds: {
      to: 'GAP_WALL_TIME',
      ...(defaultWallTimeSeconds === undefined ? { required: true } : { default: defaultWallTimeSeconds }),
    },
    stdoutPath: { to: 'GAP_STD_OUT_FILE', note: 'defaults to std.out.%j; below the working directory if relative' },
    stderrPath: { to: 'GAP_STD_ERR_FILE', note: 'defaults to std.err.%j; below the working directory if relative' },
  }
}

/** A program is required, and only one of each pair of fields may be given. */
export function hpcErrors(spec: JobSpec): readonly SpecError[] {
  const validationErrors = [...programErrors(spec), ...foreignOptionErrors(spec, 'hpc')]
  if (option(spec, 'nodeList') !== undefined && (spec.resources?.nodes ?? 1) !== 1) {
    const detail = 'GAP_NODE_STRING excludes GAP_NNODE: send `nodeList` or `resources.nodes`, not both.'
    validationErrors.push({ pointer: '/providerOptions/scnet/nodeList', detail })
  }
  if (option(spec, 'processes') !== undefined && spec.resources?.cpus !== undefined) {
    const detail = 'GAP_NPROC excludes GAP_PPN: send `processes` (total) or `resources.cpus` (per node), not both.'
    validationErrors.push({ pointer: '/providerOptions/scnet/processes', detail })
  }
  return validationErrors
}

/** Values that an HPC submit takes from the region. */
export interface HpcPlace {
  schedulerId: string
  /** The default working directory. */
  homePath: string
}

/** The body of an HPC submit. The unused half of each exclusive pair is sent empty. */
export function hpcJob({ spec, correlationTag }: Intent<'job'>, place: HpcPlace, settings: ScnetSettings): SubmitJob {
  const workDir = spec.workingDirectory ?? place.homePath
  return {
    strJobManagerID: place.schedulerId,
    mapAppJobInfo: {
      GAP_CMD_FILE: programOf(spec),
      ...nodesOf(spec),
      GAP_SUBMIT_TYPE: 'cmd',
      GAP_JOB_NAME: correlationTag,
      GAP_WORK_DIR: workDir,
      GAP_QUEUE: spec.queue ?? settings.defaultQueue ?? '',
      ...perNode(spec),
      GAP_WALL_TIME: clockTime(spec.timeLimitSeconds ?? settings.defaultWallTimeSeconds ?? 0),
      GAP_EXCLUSIVE: option(spec, 'exclusive') === true ? '1' : '',
      GAP_APPNAME: 'BASE',
      GAP_MULTI_SUB: '',
      GAP_STD_OUT_FILE: inDirectory(workDir, spec.stdoutPath ?? 'std.out.%j'),
      GAP_STD_ERR_FILE: inDirectory(workDir, spec.stderrPath ?? 'std.err.%j'),
    },
  }
}

/** An absolute path unchanged, a relative one below a directory. */
export function inDirectory(directory: string, path: string): string {
  return path.startsWith('/') ? path : `${directory.replace(/(?<!\/)\/+$/, '')}/${path}`
}

function nodesOf(spec: JobSpec): Pick<SubmitJob['mapAppJobInfo'], 'GAP_NNODE' | 'GAP_NODE_STRING'> {
  const nodeList = option(spec, 'nodeList')
  return nodeList === undefined
    ? { GAP_NNODE: String(spec.resources?.nodes ?? 1), GAP_NODE_STRING: '' }
    : { GAP_NNODE: '', GAP_NODE_STRING: String(nodeList) }
}

function perNode(spec: JobSpec) {
  const { cpus, memoryMiB, accelerator } = spec.resources ?? {}
  const count = String(accelerator?.count ?? '')
  const isDcu = accelerator?.kind === 'dcu'
  return {
    GAP_NPROC: String(option(spec, 'processes') ?? ''),
    GAP_PPN: String(cpus ?? ''),
    GAP_NGPU: isDcu ? '' : count,
    GAP_NDCU: isDcu ? count : '',
    GAP_JOB_MEM: memoryMiB === undefined ? '' : `${memoryMiB}MB`,
  }
}
