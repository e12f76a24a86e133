import type { JobSpec } from '../../vocabulary/spec.ts'
import type { Accepts, SpecError } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { tagDescription } from '../kit/correlation-tags.ts'
import { given } from '../kit/given.ts'
import { quoteCommand } from '../kit/shell.ts'
import type { SlurmSettings } from './settings.ts'
import type { JobProperties, SubmitJob } from './wire.ts'

const acceleratorKinds = ['gpu', 'npu', 'dcu', 'mlu']

/** Fields that a job accepts. */
export function jobAccepts({ defaultWorkingDirectory }: SlurmSettings): Accepts {
  return {
    name: { to: 'job.name' },
    description: { to: '', note: 'kept in Switchyard' },
    command: { to: 'script', note: 'a script of one line, run by /bin/sh' },
    script: { to: 'script', note: '`#!/bin/sh` is prepended if no interpreter is named' },
    environmentVariables: { to: 'job.environment', note: 'the only variables of the job, besides PATH' },
    workingDirectory: {
      to: 'job.current_working_directory',
      pattern: '^/',
      ...(defaultWorkingDirectory === undefined ? { required: true } : { default: defaultWorkingDirectory }),
    },
    queue: { to: 'job.partition' },
    'resources.cpus': { to: 'job.cpus_per_task', note: 'divided by `tasksPerNode`' },
    'resources.memoryMiB': { to: 'job.memory_per_node' },
    'resources.accelerator': { to: 'job.gres' },
    'resources.accelerator.kind': { to: 'job.gres', values: acceleratorKinds },
    'resources.accelerator.model': { to: 'job.gres', pattern: '^[A-Za-z0-9_.-]+$', note: 'as named by the cluster' },
    'resources.accelerator.count': { to: 'job.gres' },
    'resources.nodes': { to: 'job.nodes', default: 1 },
    timeLimitSeconds: { to: 'job.time_limit', note: 'minutes, rounded up; Switchyard ends it to the second' },
    stdoutPath: { to: 'job.standard_output', note: 'defaults to slurm-<id>.out in the working directory' },
    stderrPath: { to: 'job.standard_error', note: 'defaults to standard output' },
  }
}

/** A program is required, and the CPUs of a node must divide evenly. */
export function jobErrors(spec: JobSpec): readonly SpecError[] {
  const validationErrors: SpecError[] = []
  if (spec.command === undefined && spec.script === undefined) {
    validationErrors.push({ pointer: '/command', detail: 'Slurm requires a program: send `command` or `script`.' })
  }
  const perNode = tasksPerNode(spec)
  const { cpus } = spec.resources ?? {}
  if (cpus !== undefined && cpus % perNode !== 0) {
    const detail = `${cpus} CPUs of a node cannot be shared out among ${perNode} tasks: \`resources.cpus\` is per node.`
    validationErrors.push({ pointer: '/providerOptions/slurm/tasksPerNode', detail })
  }
  return [...validationErrors, ...acceleratorErrors(spec)]
}

/** Accelerators must be requested by the portable field, which counts against the project's quota. */
function acceleratorErrors(spec: JobSpec): readonly SpecError[] {
  const asked = option(spec, 'gres')?.split(',') ?? []
  const nameOf = (gres: string) => /^\s*(?:gres[:/])?([^:=/\s]*)/i.exec(gres)?.[1]?.toLowerCase() ?? ''
  return asked.map(nameOf).flatMap((name) => {
    if (!acceleratorKinds.includes(name)) return []
    const detail = `\`${name}\` is not supported here: use \`resources.accelerator\`.`
    return [{ pointer: '/providerOptions/slurm/gres', detail }]
  })
}

/** The body of a submit. Pure. */
export function submitOf(
  { spec, correlationTag }: Pick<Intent<'job'>, 'spec' | 'correlationTag'>,
  settings: SlurmSettings,
): SubmitJob {
  const { nodes = 1 } = spec.resources ?? {}
  const perNode = tasksPerNode(spec)
  return {
    script: scriptOf(spec),
    job: {
      name: spec.name,
      // A separate field, which lists show and nothing else uses.
      comment: tagDescription(undefined, correlationTag),
      ...given({
        account: option(spec, 'account'),
        partition: spec.queue,
        qos: option(spec, 'qos'),
        reservation: option(spec, 'reservation'),
        constraints: option(spec, 'constraints'),
      }),
      nodes,
      tasks: nodes * perNode,
      ...(perNode === 1 ? {} : { tasks_per_node: perNode }),
      ...perNodeOf(spec, perNode),
      ...given({ licenses: option(spec, 'licenses') }),
      ...(spec.providerOptions?.slurm?.exclusive === true ? { exclusive: 'exclusive' as const } : {}),
      ...(spec.timeLimitSeconds === undefined ? {} : { time_limit: Math.ceil(spec.timeLimitSeconds / 60) }),
      ...given({
        begin_time: option(spec, 'beginTime'),
        dependency: option(spec, 'dependency'),
        priority: option(spec, 'priority'),
      }),
      ...flagsOf(spec),
      current_working_directory: spec.workingDirectory ?? settings.defaultWorkingDirectory ?? '',
      ...given({ standard_output: spec.stdoutPath, standard_error: spec.stderrPath }),
      environment: { PATH: settings.path, ...spec.environmentVariables },
    },
  }
}

/** Slurm accepts a script without an interpreter, and fails when it starts. */
function scriptOf({ script, command }: JobSpec): string {
  if (script === undefined) return `#!/bin/sh\nexec ${quoteCommand(command ?? [])}\n`
  return script.startsWith('#!') ? script : `#!/bin/sh\n${script}`
}

function perNodeOf({ resources, providerOptions }: JobSpec, perNode: number) {
  const { cpus, memoryMiB, accelerator } = resources ?? {}
  const gres = [
    ...(accelerator === undefined ? [] : [gresOf(accelerator)]),
    ...(providerOptions?.slurm?.gres === undefined ? [] : [String(providerOptions.slurm.gres)]),
  ]
  return {
    ...given({ cpus_per_task: cpus === undefined ? undefined : cpus / perNode, memory_per_node: memoryMiB }),
    ...(gres.length === 0 ? {} : { gres: gres.join(',') }),
  }
}

function gresOf({ kind = 'gpu', model, count }: NonNullable<NonNullable<JobSpec['resources']>['accelerator']>): string {
  return [kind, ...(model === undefined ? [] : [model]), count].join(':')
}

/** slurmrestd checks only that a command-line flag is present, so each value has a separate flag. */
function flagsOf({ providerOptions }: JobSpec): Pick<JobProperties, 'nice' | 'requeue' | 'no_requeue'> {
  const { nice, requeue } = providerOptions?.slurm ?? {}
  return {
    ...(typeof nice === 'number' ? { nice } : {}),
    ...(typeof requeue === 'boolean' ? (requeue ? { requeue } : { no_requeue: true }) : {}),
  }
}

function tasksPerNode({ providerOptions }: JobSpec): number {
  const value = providerOptions?.slurm?.tasksPerNode
  return typeof value === 'number' ? value : 1
}

/** An option of `providerOptions.slurm` as text. */
function option({ providerOptions }: JobSpec, name: string): string | undefined {
  const value = providerOptions?.slurm?.[name]
  return value === undefined ? undefined : String(value)
}
