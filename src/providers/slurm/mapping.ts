import type { JobSpec } from '../../vocabulary/spec.ts'
import type { Accepts, SpecError } from '../field-rule.ts'
import type { SlurmSettings, SlurmVersion } from './settings.ts'
import { option, tasksPerNode } from './submit.ts'
import { isDataParser } from './versions.ts'

const acceleratorKinds = ['gpu', 'npu', 'dcu', 'mlu']

/** Fields that a job accepts. */
export function jobAccepts({ defaultWorkingDirectory }: SlurmSettings, version: SlurmVersion): Accepts {
  const accelerator = isDataParser(version) ? 'job.tres_per_node' : 'job.gres'
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
    'resources.accelerator': { to: accelerator },
    'resources.accelerator.kind': { to: accelerator, values: acceleratorKinds },
    'resources.accelerator.model': { to: accelerator, pattern: '^[A-Za-z0-9_.-]+$', note: 'as named by the cluster' },
    'resources.accelerator.count': { to: accelerator },
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
  const requested = option(spec, 'gres')?.split(',') ?? []
  const nameOf = (gres: string) => /^\s*(?:gres[:/])?([^:=/\s]*)/i.exec(gres)?.[1]?.toLowerCase() ?? ''
  return requested.map(nameOf).flatMap((name) => {
    if (!acceleratorKinds.includes(name)) return []
    const detail = `\`${name}\` is not supported here: use \`resources.accelerator\`.`
    return [{ pointer: '/providerOptions/slurm/gres', detail }]
  })
}
