/** Parts of a schema that describe the form of a string. */
export interface PatternedSchema {
  pattern?: string
  description?: string
  examples?: readonly unknown[]
}

interface Form {
  /** Continues "must be". */
  text: string
  example?: string
}

const url = { text: 'an http or https URL without spaces, query and fragment', example: 'https://api.example.com' }
const offset = { text: 'a UTC offset', example: '+09:00' }
const shortId = { text: '1 to 64 letters, digits, `_` and `-`', example: 'abc-123' }

/**
 * Forms shared by several fields. A form of a single field is described in the field's description, with an example.
 */
const forms: Readonly<Record<string, Form>> = {
  '^[A-Za-z0-9_][A-Za-z0-9_.-]*$': {
    text: 'letters, digits, `_`, `.` and `-`, starting with a letter, a digit or `_`',
    example: 'train-1',
  },
  '^[A-Za-z0-9_][A-Za-z0-9_. -]*$': {
    text: 'letters, digits, `_`, `.`, `-` and spaces, starting with a letter, a digit or `_`',
    example: 'lab cluster',
  },
  '^[a-z][a-z0-9]{1,31}$': { text: '2 to 32 lower-case letters and digits, starting with a letter', example: 'slurm' },
  '^[a-z0-9][a-z0-9._-]{0,62}:[\\s\\S]{0,128}$': {
    text: 'a label key of lower-case letters, digits, `.`, `_` and `-`, then `:` and the value',
    example: 'team:vision',
  },
  '^(job|environment)\\.(\\*|[a-z][a-z_]*)$': {
    text: 'an event type, or `job.*` or `environment.*` for all of a kind',
    example: 'job.succeeded',
  },
  '^https?://[^\\s?#]+$': url,
  '^https?://[^\\s?#%]+$': url,
  '^https?://[^\\s/?#%@]+$': { text: 'an http or https URL without a path', example: 'https://jupyter.example.com' },
  '^[+-]\\d{2}:\\d{2}$': offset,
  '^[+-][0-9]{2}:[0-9]{2}$': offset,
  '^[A-Za-z0-9_-]{1,64}$': shortId,
  '^[0-9A-Za-z_-]{1,64}$': shortId,
  '^[0-9A-Za-z]{1,22}$': { text: '1 to 22 letters and digits', example: '6COytUeFj7b8eOhq2L5zL' },
  '^[A-Za-z0-9_-]+$': { text: 'letters, digits, `_` and `-`', example: 'train-1' },
  '^[A-Za-z0-9_.-]+$': { text: 'letters, digits, `_`, `.` and `-`', example: 'a100' },
  '^[A-Za-z0-9][A-Za-z0-9_-]*$': {
    text: 'letters, digits, `_` and `-`, starting with a letter or a digit',
    example: 'train_',
  },
  '^[A-Za-z_][A-Za-z0-9_-]*$': {
    text: 'letters, digits, `_` and `-`, starting with a letter or `_`',
    example: 'recommender',
  },
  '^[a-z][a-z0-9]*(-[a-z0-9]+)*$': {
    text: 'lower-case letters, digits and single hyphens, starting with a letter',
    example: 'my-workspace',
  },
  '^[a-z0-9-]{2,40}$': { text: '2 to 40 lower-case letters, digits and `-`', example: 'eu-de' },
  '^[a-z0-9.-]{3,200}$': { text: '3 to 200 lower-case letters, digits, `.` and `-`', example: 'otc.t-systems.com' },
  '^[^\\r\\n]+$': { text: 'a single line of text' },
  '^/': { text: 'an absolute path', example: '/home/alice' },
  '^[0-9a-fA-F-]{36}$': { text: 'a UUID', example: '8d0a1b7c-52a5-4c12-9f3e-0b6c1f7a9e21' },
  '^[^$]*$': { text: 'text without `$`', example: '/data/models' },
  '^[^&<>"\'/]*$': { text: 'text without `&`, `<`, `>`, `"`, `\'` and `/`', example: 'Training of the base model' },
}

const printable = /^\^\[!-~\]\{1,(\d+)\}\$$/
const id = /^\^([a-z]+)_\[/

/** Describes a pattern, with an example; null = see the description of the field. */
export function patternInWords(pattern: string): string | null {
  const form = forms[pattern] ?? computedForm(pattern)
  if (form === null) return null
  return form.example === undefined ? form.text : `${form.text}, such as \`${form.example}\``
}

function computedForm(pattern: string): Form | null {
  const length = printable.exec(pattern)?.[1]
  if (length !== undefined) return { text: `1 to ${length} printable ASCII characters without spaces` }
  const prefix = id.exec(pattern)?.[1]
  return prefix === undefined ? null : { text: 'an id', example: `${prefix}_01h455vb4pex5vsknk084sn02q` }
}

/** Rule of a schema's pattern as a sentence without its subject: `must be …`. */
export function patternRuleOf({ pattern = '', description = '', examples = [] }: PatternedSchema): string {
  const text = patternInWords(pattern)
  if (text !== null) return `must be ${text}.`
  const [example] = examples
  const shown = example === undefined ? '' : ` Example: \`${String(example)}\`.`
  return `has an invalid form. ${description}${shown}`.trim()
}
