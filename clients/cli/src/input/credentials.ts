import type { Cli } from '../cli.ts'
import { usageError } from '../command-error.ts'
import { readObject } from './files.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { canPrompt, promptSecret } from './prompts.ts'

export interface CredentialsSource {
  /** Provider that the credentials are for. */
  provider: string
  /** JSON schema of the credentials. */
  schema: Readonly<Record<string, unknown>>
  /** File, or `-` for standard input. */
  file?: string | undefined
}

/**
 * Reads the credentials of a provider from a file or standard input, or asks for each of them. They are never arguments,
 * which other users of the machine can read.
 */
export async function readCredentials(cli: Cli, { provider, schema, file }: CredentialsSource): Promise<JsonObject> {
  if (file !== undefined) return unwrapped(await readObject(file, cli.stdin), provider)
  if (canPrompt(cli)) return promptCredentials(cli, provider, schema)
  throw usageError('No credentials are given. Use --credentials-file <file>, or - to read them from standard input.')
}

/** The file has the fields of the credentials, or these under the id of the provider, as in a request. */
function unwrapped(content: JsonObject, provider: string): JsonObject {
  const inner = content[provider]
  return isJsonObject(inner) && Object.keys(content).length === 1 ? inner : content
}

async function promptCredentials(cli: Cli, provider: string, schema: CredentialsSource['schema']): Promise<JsonObject> {
  const fields = isJsonObject(schema.properties) ? Object.entries(schema.properties) : []
  const required: ReadonlySet<unknown> = new Set(Array.isArray(schema.required) ? schema.required : [])
  const credentials: JsonObject = {}
  for (const [name, field] of fields) {
    const optional = !required.has(name)
    const about = isJsonObject(field) && typeof field.description === 'string' ? ` - ${field.description}` : ''
    const value = await promptSecret(cli, `${provider} ${name}${optional ? ' (Enter to skip)' : ''}${about}`, {
      optional,
    })
    if (value !== '') credentials[name] = value
  }
  return credentials
}
