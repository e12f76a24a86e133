import { describeProvider, openInertly } from '../../src/capabilities/describe-provider.ts'
import type { KindDescription } from '../../src/capabilities/provider.schemas.ts'
import { portableJob, portableOutput } from '../../src/commands/portable-job.ts'
import { engineVariables } from '../../src/config/engine-settings.ts'
import { checkSpec, withDefaults } from '../../src/providers/field-rules.ts'
import type { Provider } from '../../src/providers/provider.ts'
import { providers } from '../../src/providers/registry.ts'
import type { SandboxProvider } from '../../src/sandbox/provider.ts'
import { type SandboxProviderId, sandboxProviders } from '../../src/sandbox/registry.ts'
import { fieldPaths } from '../../src/vocabulary/field-paths.ts'
import type { JsonObject } from '../../src/vocabulary/json.ts'
import { jobFields } from '../../src/vocabulary/spec.ts'
import { code, table, withGeneratedPart } from './markdown.ts'

/** A provider whose jobs need no environment, over a connection that the portable job can use. */
interface Column {
  title: string
  provider: Provider
  settings: JsonObject
  job: KindDescription
}

/** Generates docs/portable-jobs.md: the portable job, and how each provider treats the fields of a job. */
export function generatePortableJobs(page: string): string {
  const columns = providers.flatMap(columnsOf)
  const parts = [
    { name: 'portable-engines', heading: 'On a real engine', text: engineTable() },
    { name: 'portable-job', heading: 'The job', text: example() },
    { name: 'portable-settings', heading: 'Connections', text: connectionTable(columns) },
    { name: 'portable-fields', heading: 'Fields', text: fieldTable(columns) },
  ]
  return parts.reduce(withGeneratedPart, page)
}

function engineTable(): string {
  return table(
    ['Variable', 'Where the engine is found'],
    Object.entries(engineVariables).map(([name, does]) => [code(name), does]),
  )
}

function example(): string {
  const output = portableOutput.map(code).join(' and ')
  return `\`\`\`json\n${JSON.stringify(portableJob(), null, 2)}\n\`\`\`\n\nIt prints ${output}.`
}

function columnsOf(provider: Provider): Column[] {
  const settings = portableSettingsOf(provider.id)
  const { kinds, variants = [] } = describeProvider(provider, settings)
  const usual = { title: code(provider.id), settings, job: kinds.job }
  // Where a setting selects another API of jobs.
  const others = variants.map((variant) => ({
    title: [code(provider.id), ...Object.values(variant.settings)].join(', '),
    settings: { ...settings, ...variant.settings },
    job: variant.kinds.job,
  }))
  return [usual, ...others].flatMap(({ job, ...column }) =>
    job === undefined || job.environment === 'required' ? [] : [{ ...column, provider, job }],
  )
}

/** Settings of the sandbox connections, with which the portable job is tested. */
function portableSettingsOf(id: string): JsonObject {
  const { client, accounts }: SandboxProvider = sandboxProviders[id as SandboxProviderId]
  return client.connection('http://127.0.0.1', accounts[0]).settings as JsonObject
}

function problemsOf({ provider, settings }: Pick<Column, 'provider' | 'settings'>): readonly string[] {
  const driver = openInertly(provider, settings).drivers.job
  if (driver === undefined) return ['no jobs']
  const { accepts, options, check } = driver
  const rules = { provider: provider.id, accepts, ...(options && { options }), ...(check && { check }) }
  return checkSpec<'job'>(rules, withDefaults(accepts, portableJob())).map(({ pointer }) => pointer)
}

function connectionTable(columns: readonly Column[]): string {
  const rows = columns.map((column) => {
    const refused = problemsOf(column).map((pointer) => code(pointer.slice(1).replaceAll('/', '.')))
    return [column.title, refused.length === 0 ? 'yes' : `no: ${refused.join(', ')}`, neededSettings(column)]
  })
  return table(['Provider', 'Accepted', 'Settings that provide the rest'], rows)
}

/** Optional settings without which the portable job is rejected. */
function neededSettings({ provider, settings }: Column): string {
  const required = new Set(provider.settings.required ?? [])
  const withDefault = Object.entries(provider.settings.properties ?? {}).flatMap(([name, { default: given }]) =>
    given === undefined ? [] : [name],
  )
  const optional = Object.keys(settings).filter((name) => !required.has(name) || withDefault.includes(name))
  const needed = optional.flatMap((name) => {
    const { [name]: _, ...others } = settings
    const missing = problemsOf({ provider, settings: others }).filter(
      (pointer) => !problemsOf({ provider, settings }).includes(pointer),
    )
    const fields = missing.map((pointer) => code(pointer.slice(1).replaceAll('/', '.')))
    return missing.length === 0 ? [] : [`${code(name)} (${fields.join(', ')})`]
  })
  return needed.join(', ') || '–'
}

function fieldTable(columns: readonly Column[]): string {
  const paths = fieldPaths.filter((path) => (path.split('.')[0] ?? '') in jobFields)
  const rows = paths.map((path) => [code(path), ...columns.map(({ job }) => cellOf(job, path))])
  const capabilities = [
    ['cancel', ...columns.map(({ job }) => (job.actions.includes('cancel') ? 'yes' : '–'))],
    ['logs', ...columns.map(({ job }) => (job.capabilities.logs ? 'yes' : '–'))],
    ['times in logs', ...columns.map(({ job }) => (job.capabilities.logTimestamps ? 'yes' : '–'))],
    ['time limit', ...columns.map(({ job }) => (job.timeLimit === 'provider' ? 'provider' : 'Switchyard'))],
  ]
  return table(['Field', ...columns.map(({ title }) => title)], [...rows, ...capabilities])
}

function cellOf({ fields }: KindDescription, path: string): string {
  const field = fields.find((each) => each.path === path)
  if (field === undefined) return path === 'name' || path === 'description' ? 'kept' : '422'
  if (field.required) return 'required'
  if (field.to === undefined) return path === 'timeLimitSeconds' ? 'yes' : 'kept'
  return field.values === undefined ? 'yes' : field.values.map((value) => code(String(value))).join(' ')
}
