import type { KindDescription, ProviderDescription } from '../../src/capabilities/provider.schemas.ts'
import type { JsonObject } from '../../src/vocabulary/json.ts'
import type { Kind } from '../../src/vocabulary/kinds.ts'
import { code, table, withGeneratedPart } from './markdown.ts'
import { partsOf } from './provider-parts.ts'
import { describeRule, propertyRows } from './schema-words.ts'

const titles = { job: 'Jobs', environment: 'Environments' } satisfies Record<Kind, string>
const propertyHead = ['Name', 'Value', 'Description']

/** Generates docs/providers/<id>.md with its tables; a new page starts with its title. */
export function generateProviderReference(page: string, provider: ProviderDescription): string {
  const parts = [
    'Generated from the code with example settings. `GET /connections/{id}/capabilities` returns the values of a connection.',
    propertiesPart('Settings', provider.settings),
    propertiesPart('Credentials', provider.credentials),
    ...partsOf(provider).flatMap(({ kind, choice, does }) =>
      kindParts(provider.id, choice === undefined ? titles[kind] : `${titles[kind]} (${code(choice)})`, does),
    ),
  ]
  return withGeneratedPart(page === '' ? `# ${provider.id}: ${provider.title}\n` : page, {
    name: 'generated',
    heading: 'Reference',
    text: parts.join('\n\n'),
  })
}

function kindParts(provider: string, title: string, kind: KindDescription): string[] {
  const fields = kind.fields.map((field) => [
    code(field.path),
    field.to === undefined ? 'not sent' : code(field.to),
    describeRule(field),
  ])
  const states = kind.states.map(({ raw, status }) => [code(raw), code(status)])
  return [
    part(`${title}: fields`, table(['Field', 'Sent as', 'Rule'], fields)),
    ...(kind.options === undefined
      ? []
      : [propertiesPart(`${title}: \`providerOptions.${provider}\``, kind.options, kind.mutableOptions)]),
    part(`${title}: states`, table(['State', 'Status'], [...states, ['any other', 'unchanged']])),
    part(`${title}: capabilities`, table(['Property', 'Value'], abilitiesOf(kind))),
  ]
}

function propertiesPart(title: string, schema: JsonObject, mutable: readonly string[] = []): string {
  const rows = propertyRows(schema)
  if (rows.length === 0) return part(title, 'None.')
  const changed = mutable.length === 0 ? '' : `\n\nMutable: ${mutable.map(code).join(', ')}.`
  return part(title, table(propertyHead, rows) + changed)
}

function part(title: string, text: string): string {
  return `### ${title}\n\n${text}`
}

function abilitiesOf(kind: KindDescription): string[][] {
  const { capabilities, createRecovery, deletableIn } = kind
  const able = Object.entries(capabilities).flatMap(([name, is]) => (is ? [name] : []))
  return [
    ['actions', kind.actions.join(', ') || 'none'],
    ['capabilities', able.join(', ') || 'none'],
    ...limitRows(kind),
    ...(kind.environment === 'none' ? [] : [['`environmentId`', environmentText[kind.environment]]]),
    ...(kind.exclusiveEnvironment ? [['jobs per environment', 'one at a time']] : []),
    ['names', kind.uniqueNames ? 'unique at the provider' : 'not unique'],
    ...(deletableIn === undefined ? [] : [['deletable in', deletableIn.map(code).join(', ')]]),
    [
      'correlation tag',
      `${createRecovery.tagLength} characters, ${createRecovery.tagField === undefined ? 'not sent' : code(createRecovery.tagField)}`,
    ],
    ['list consistency lag', duration(createRecovery.listConsistencyLagMs)],
    ['maximum processing after a timeout', duration(createRecovery.maxProcessingMs)],
    [
      'retention of finished objects',
      createRecovery.retentionMs === undefined ? 'unlimited' : duration(createRecovery.retentionMs),
    ],
    ...(createRecovery.reusesIds ? [['ids', 'are reused']] : []),
  ]
}

const environmentText = {
  required: 'required: the job runs in it',
  optional: 'optional: the job waits until it is running, and runs separately',
}

function limitRows({ timeLimit, autoStop }: KindDescription): string[][] {
  const enforcedBy = (who: 'provider' | 'switchyard') => (who === 'provider' ? 'by the provider' : 'by Switchyard')
  return [
    ...(timeLimit === undefined ? [] : [['time limit', enforcedBy(timeLimit)]]),
    ...(autoStop === undefined ? [] : [['auto-stop', enforcedBy(autoStop)]]),
  ]
}

const units = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1000 },
]

/** Formats a duration in the largest unit that divides it. */
export function duration(ms: number): string {
  const unit = units.find((each) => ms >= each.ms && ms % each.ms === 0)
  return unit === undefined ? `${ms} ms` : `${ms / unit.ms} ${unit.name}`
}
