import type { EnvironmentSpec, JobSpec } from '../../vocabulary/spec.ts'
import type { Accepts, SpecError } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { tagDescription, tagName } from '../kit/correlation-tags.ts'
import { exportLines, quoteCommand, quoteWord } from '../kit/shell.ts'
import { clockTime } from './durations.ts'
import { foreignOptionErrors, option } from './options.ts'
import type { ScnetSettings } from './settings.ts'
import type { CreateContainer } from './wire.ts'

/** Length of a container's correlation tag. */
export const containerTagLength = 10

const taskTypes = { ssh: 'ssh', jupyter: 'jupyter', vscode: 'codeserver', rstudio: 'rstudio' } as const

/** Fields that a container accepts, as an environment or as a job. */
export function containerAccepts({ defaultResourceGroup, tagField }: ScnetSettings): Accepts {
  return {
    name: {
      to: 'instanceServiceName',
      ...(tagField === 'name'
        ? { note: 'a correlation tag is appended; the allowed characters are not documented' }
        : {}),
    },
    description: {
      to: 'description',
      ...(tagField === 'description' ? { note: 'a correlation tag is appended' } : {}),
    },
    image: { to: 'imagePath, version', required: true, note: "the full reference in the region's registry" },
    queue: {
      to: 'resourceGroup',
      ...(defaultResourceGroup === undefined ? { required: true } : { default: defaultResourceGroup }),
      note: 'a resource group of the region',
    },
    'resources.cpus': { to: 'cpuNumber', required: true },
    'resources.memoryMiB': { to: 'ramSize', required: true, note: 'MB' },
    'resources.accelerator': { to: 'acceleratorType, gpuNumber', note: 'absent = cpu and 0' },
    'resources.accelerator.kind': { to: 'acceleratorType', values: ['gpu', 'dcu', 'mlu'] },
    'resources.accelerator.count': { to: 'gpuNumber' },
    'resources.nodes': { to: 'taskNumber', default: 1, note: 'containers of the instance' },
    mounts: { to: 'mountInfoList' },
    'mounts.source': { to: 'mountInfoList[].sourcePath' },
    'mounts.path': { to: 'mountInfoList[].targetPath' },
    'mounts.type': { to: 'mountInfoList[].type', values: ['data', 'path'], default: 'data' },
    ports: { to: 'containerPortInfoList' },
    'ports.port': { to: 'containerPortInfoList[].containerPort', note: 'sent as a string' },
    'ports.protocol': {
      to: 'containerPortInfoList[].protocolType',
      values: ['http', 'ssh'],
      default: 'http',
      note: 'SCNet opens HTTP and SSH ports only',
    },
  }
}

/** The body that creates the container of an environment. */
export function environmentContainer(intent: Intent<'environment'>, settings: ScnetSettings): CreateContainer {
  const { spec } = intent
  const [first = 'jupyter'] = spec.interfaces ?? []
  const script =
    spec.startupScript === undefined
      ? ''
      : exportLines(spec.environmentVariables ?? {}) + withLineEnd(spec.startupScript)
  return containerOf(intent, settings, {
    taskType: taskTypes[first],
    timeoutLimit: spec.autoStop === undefined ? 'unlimited' : clockTime(spec.autoStop.afterSeconds),
    scope: spec.startupScriptScope ?? 'all',
    script,
  })
}

/** The body that creates the container of a job, with its program as the start script. */
export function jobContainer(intent: Intent<'job'>, settings: ScnetSettings): CreateContainer {
  const { spec } = intent
  const seconds = spec.timeLimitSeconds ?? settings.defaultWallTimeSeconds
  return containerOf(intent, settings, {
    taskType: taskTypes[interfaceOf(option(spec, 'interface'))],
    timeoutLimit: seconds === undefined ? 'unlimited' : clockTime(seconds),
    scope: option(spec, 'startScriptScope') === 'first' ? 'first' : 'all',
    script: inWorkingDirectory(spec),
  })
}

/** A container requires one of four types, even if it is not used interactively. */
function interfaceOf(value: unknown): keyof typeof taskTypes {
  return value === 'jupyter' || value === 'vscode' || value === 'rstudio' ? value : 'ssh'
}

/** Environment variables reach a container only through its start script. */
export function environmentErrors(spec: EnvironmentSpec): readonly SpecError[] {
  if (Object.keys(spec.environmentVariables ?? {}).length === 0 || spec.startupScript !== undefined) return []
  const detail =
    'SCNet has no field for environment variables; they are exported in `startupScript`, and there is none.'
  return [{ pointer: '/environmentVariables', detail }]
}

export function containerJobErrors(spec: JobSpec): readonly SpecError[] {
  return [...programErrors(spec), ...foreignOptionErrors(spec, 'container')]
}

/** A program is required. */
export function programErrors(spec: JobSpec): readonly SpecError[] {
  if (spec.command !== undefined || spec.script !== undefined) return []
  return [{ pointer: '/command', detail: 'SCNet requires a program: send `command` or `script`.' }]
}

interface ContainerParts {
  taskType: CreateContainer['taskType']
  timeoutLimit: string
  scope: 'all' | 'first'
  script: string
}

function containerOf(
  { spec, correlationTag }: Pick<Intent, 'spec' | 'correlationTag'>,
  { tagField, defaultResourceGroup }: ScnetSettings,
  parts: ContainerParts,
): CreateContainer {
  const { cpus = 0, memoryMiB = 0, accelerator, nodes = 1 } = spec.resources ?? {}
  const image = spec.image ?? ''
  return {
    ...namesOf(spec, correlationTag, tagField),
    taskType: parts.taskType,
    acceleratorType: acceleratorType(spec),
    version: String(option(spec, 'version') ?? image.slice(image.lastIndexOf('/') + 1)),
    imagePath: image,
    timeoutLimit: parts.timeoutLimit,
    taskNumber: nodes,
    resourceGroup: spec.queue ?? defaultResourceGroup ?? '',
    useStartScript: parts.script !== '',
    startScriptActionScope: parts.scope === 'first' ? 'header' : 'all',
    startScriptContent: parts.script,
    cpuNumber: cpus,
    ramSize: memoryMiB,
    gpuNumber: accelerator?.count ?? 0,
    ...mountsOf(spec),
    ...portsOf(spec),
  }
}

function namesOf(spec: Intent['spec'], correlationTag: string, tagField: ScnetSettings['tagField']) {
  const { name, description } = spec
  return tagField === 'name'
    ? { instanceServiceName: tagName(name, correlationTag), description: description ?? '' }
    : { instanceServiceName: name, description: tagDescription(description, correlationTag) }
}

function acceleratorType({ resources }: Intent['spec']): CreateContainer['acceleratorType'] {
  if (resources?.accelerator === undefined) return 'cpu'
  const { kind } = resources.accelerator
  return kind === 'dcu' || kind === 'mlu' ? kind : 'gpu'
}

function mountsOf({ mounts }: Intent['spec']): Pick<CreateContainer, 'mountInfoList'> {
  if (mounts === undefined) return {}
  const toWire = ({ source, path, type = 'data' }: (typeof mounts)[number]) => ({
    sourcePath: source,
    targetPath: path,
    type,
  })
  return { mountInfoList: mounts.map(toWire) }
}

function portsOf({ ports }: Intent['spec']): Pick<CreateContainer, 'containerPortInfoList'> {
  if (ports === undefined) return {}
  const protocolType = (protocol: string | undefined) => (protocol === 'ssh' ? 'SSH' : 'HTTP')
  return {
    containerPortInfoList: ports.map(({ port, protocol }) => ({
      protocolType: protocolType(protocol),
      containerPort: String(port),
    })),
  }
}

/** A job's program as shell text, after exports of its variables. */
export function programOf(spec: JobSpec): string {
  return exportLines(spec.environmentVariables ?? {}) + (spec.script ?? quoteCommand(spec.command ?? []))
}

function inWorkingDirectory(spec: JobSpec): string {
  const { workingDirectory } = spec
  const change = workingDirectory === undefined ? '' : `cd ${quoteWord(workingDirectory)} || exit\n`
  return change + withLineEnd(programOf(spec))
}

/** Every line of a script must end in a line feed. */
function withLineEnd(script: string): string {
  return script.endsWith('\n') ? script : `${script}\n`
}
