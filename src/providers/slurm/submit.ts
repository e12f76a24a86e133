import type { JobSpec } from '../../vocabulary/spec.ts'
import type { Intent } from '../intent.ts'
import { tagDescription } from '../kit/correlation-tags.ts'
import { given } from '../kit/given.ts'
import { quoteCommand } from '../kit/shell.ts'
import type { SlurmSettings, SlurmVersion } from './settings.ts'
import { isDataParser } from './versions.ts'
import type { DataParserJob, OpenapiJob, SubmitJob, WrappedNumber } from './wire.ts'

type SubmitIntent = Pick<Intent<'job'>, 'spec' | 'correlationTag'>

/** The body of a submit in the format of a version. Pure. */
export function submitOf(intent: SubmitIntent, settings: SlurmSettings, version: SlurmVersion): SubmitJob {
  const job = isDataParser(version) ? dataParserJob(intent, settings) : openapiJob(intent, settings)
  return { script: scriptOf(intent.spec), job }
}

/** v0.0.37 and v0.0.38 */
function openapiJob(intent: SubmitIntent, settings: SlurmSettings): OpenapiJob {
  const { spec } = intent
  const { nodes = 1, memoryMiB } = spec.resources ?? {}
  const gres = gresOf(spec)
  return {
    ...shared(intent),
    nodes,
    ...cpusOf(spec),
    ...given({ memory_per_node: memoryMiB, gres: gres.length === 0 ? undefined : gres.join(',') }),
    ...given({ licenses: option(spec, 'licenses') }),
    ...(isExclusive(spec) ? { exclusive: 'exclusive' as const } : {}),
    ...given({ time_limit: minutesOf(spec) }),
    ...scheduling(spec),
    ...given({ priority: option(spec, 'priority') }),
    ...flagsOf(spec),
    ...files(spec, settings),
    environment: variablesOf(spec, settings),
  }
}

/** v0.0.40 to v0.0.45 */
function dataParserJob(intent: SubmitIntent, settings: SlurmSettings): DataParserJob {
  const { spec } = intent
  const { nodes = 1, memoryMiB } = spec.resources ?? {}
  const { requeue, priority } = spec.providerOptions?.slurm ?? {}
  const gres = gresOf(spec).map((each) => `gres/${each.trim().replace(/^gres[:/]/i, '')}`)
  return {
    ...shared(intent),
    nodes: String(nodes),
    ...cpusOf(spec),
    ...given({ memory_per_node: wrapped(memoryMiB), tres_per_node: gres.length === 0 ? undefined : gres.join(',') }),
    ...given({ licenses: option(spec, 'licenses') }),
    ...(isExclusive(spec) ? { shared: ['none'] as const } : {}),
    ...given({ time_limit: wrapped(minutesOf(spec)) }),
    ...scheduling(spec),
    ...given({ priority: wrapped(typeof priority === 'number' ? priority : undefined) }),
    ...given({ nice: niceOf(spec), requeue: typeof requeue === 'boolean' ? requeue : undefined }),
    ...files(spec, settings),
    environment: Object.entries(variablesOf(spec, settings)).map(([name, value]) => `${name}=${value}`),
  }
}

function wrapped(number: number | undefined): WrappedNumber | undefined {
  return number === undefined ? undefined : { set: true, infinite: false, number }
}

function shared({ spec, correlationTag }: SubmitIntent) {
  return {
    name: spec.name,
    // A separate field that lists show and that has no other use.
    comment: tagDescription(undefined, correlationTag),
    ...given({
      account: option(spec, 'account'),
      partition: spec.queue,
      qos: option(spec, 'qos'),
      reservation: option(spec, 'reservation'),
      constraints: option(spec, 'constraints'),
    }),
  }
}

function cpusOf(spec: JobSpec) {
  const { nodes = 1, cpus } = spec.resources ?? {}
  const perNode = tasksPerNode(spec)
  return {
    tasks: nodes * perNode,
    ...(perNode === 1 ? {} : { tasks_per_node: perNode }),
    ...given({ cpus_per_task: cpus === undefined ? undefined : cpus / perNode }),
  }
}

function scheduling(spec: JobSpec) {
  return given({ begin_time: option(spec, 'beginTime'), dependency: option(spec, 'dependency') })
}

function files(spec: JobSpec, { defaultWorkingDirectory = '' }: SlurmSettings) {
  return {
    current_working_directory: spec.workingDirectory ?? defaultWorkingDirectory,
    ...given({ standard_output: spec.stdoutPath, standard_error: spec.stderrPath }),
  }
}

function variablesOf(spec: JobSpec, { path }: SlurmSettings): Readonly<Record<string, string>> {
  return { PATH: path, ...spec.environmentVariables }
}

/** Slurm accepts a script without an interpreter, and fails when it starts. */
function scriptOf({ script, command }: JobSpec): string {
  if (script === undefined) return `#!/bin/sh\nexec ${quoteCommand(command ?? [])}\n`
  return script.startsWith('#!') ? script : `#!/bin/sh\n${script}`
}

/** Generic resources per node, `name[:type]:count`: the accelerators and those in the options. */
function gresOf(spec: JobSpec): readonly string[] {
  const { accelerator } = spec.resources ?? {}
  const more = option(spec, 'gres')?.split(',') ?? []
  if (accelerator === undefined) return more
  const { kind = 'gpu', model, count } = accelerator
  return [[kind, ...(model === undefined ? [] : [model]), count].join(':'), ...more]
}

/** v0.0.38 checks only that a command-line flag is present, so each value has a separate flag. */
function flagsOf(spec: JobSpec): Pick<OpenapiJob, 'nice' | 'requeue' | 'no_requeue'> {
  const { requeue } = spec.providerOptions?.slurm ?? {}
  return {
    ...given({ nice: niceOf(spec) }),
    ...(typeof requeue === 'boolean' ? (requeue ? { requeue } : { no_requeue: true }) : {}),
  }
}

function niceOf({ providerOptions }: JobSpec): number | undefined {
  const nice = providerOptions?.slurm?.nice
  return typeof nice === 'number' ? nice : undefined
}

function minutesOf({ timeLimitSeconds }: JobSpec): number | undefined {
  return timeLimitSeconds === undefined ? undefined : Math.ceil(timeLimitSeconds / 60)
}

function isExclusive({ providerOptions }: JobSpec): boolean {
  return providerOptions?.slurm?.exclusive === true
}

export function tasksPerNode({ providerOptions }: JobSpec): number {
  const value = providerOptions?.slurm?.tasksPerNode
  return typeof value === 'number' ? value : 1
}

/** An option of `providerOptions.slurm` as text. */
export function option({ providerOptions }: JobSpec, name: string): string | undefined {
  const value = providerOptions?.slurm?.[name]
  return value === undefined ? undefined : String(value)
}
