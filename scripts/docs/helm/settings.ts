import { type TSchema, Type } from '@sinclair/typebox'
import { secretVariables } from '../../../src/config/config.ts'
import { configSchema } from '../../../src/config/schema.ts'

/** Set by the chart, or of no use in a container: `DATA_DIR` is for the embedded database. */
const setByChart: ReadonlySet<string> = new Set(['ROLE', 'PORT', 'METRICS_PORT', 'DATA_DIR'])

/** Without them the service would start an embedded database, or not at all. */
const requiredSecrets: ReadonlySet<string> = new Set(['DATABASE_URL', 'SECRETS_KEY'])

const settings = Object.entries<TSchema>(configSchema.properties)

/** Settings that a values file may contain; the secret ones are given by reference. */
export const configValues = Type.Object(
  Object.fromEntries(
    settings
      .filter(([name]) => !secretVariables.has(name) && !setByChart.has(name))
      .map(([name, schema]) => [name, Type.Optional(withoutDefault(schema))]),
  ),
  { additionalProperties: false },
)

/** Keys of the Secret for each setting that is secret. An empty key leaves the setting out. */
export const secretKeys = Type.Object(
  Object.fromEntries(
    settings
      .filter(([name]) => secretVariables.has(name))
      .map(([name, { description = '' }]) => [name, secretKey(name, description)]),
  ),
  { additionalProperties: false },
)

function secretKey(name: string, description: string): TSchema {
  if (requiredSecrets.has(name)) return Type.String({ pattern: '^[-._a-zA-Z0-9]+$', description })
  return Type.Optional(Type.String({ pattern: '^[-._a-zA-Z0-9]*$', description }))
}

/** The chart does not repeat the defaults of the service, and a choice is one `enum`, so that messages are short. */
function withoutDefault({ default: _default, title: _title, ...schema }: TSchema): TSchema {
  if (schema.anyOf === undefined) return schema as TSchema
  const { anyOf, ...rest } = schema
  return Type.Unsafe({ ...rest, type: 'string', enum: (anyOf as { const: string }[]).map((choice) => choice.const) })
}
