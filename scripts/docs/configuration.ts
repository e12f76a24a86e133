import type { TSchema } from '@sinclair/typebox'
import { describeAllowed } from '../../src/config.ts'
import { configSchema } from '../../src/config-schema.ts'

/** docs/configuration.md, from the schema that the environment is checked against. */
export function generateConfigurationPage(): string {
  const rows = Object.entries(configSchema.properties).map(([name, schema]) => describeVariable(name, schema))
  return `# Configuration

<!-- Written by scripts/generate-docs.ts from src/config-schema.ts; change it there and run \`npm run docs:generate\`. -->

Switchyard is configured by environment variables alone. They are read once at the start; a value that is not valid
stops the start with a message that names the variable, and an empty one counts as not set. The values of
\`DATABASE_URL\`, \`REDIS_URL\`, \`SECRETS_KEY\` and \`BOOTSTRAP_API_KEY\` are never printed.

| variable | value | default | meaning |
|---|---|---|---|
${rows.join('\n')}

\`LEASE_MS\` must be more than twice \`PROVIDER_TIMEOUT_MS\`, \`SHUTDOWN_TIMEOUT_MS\` more than \`PROVIDER_TIMEOUT_MS\`, and
\`SWEEP_MAX_INTERVAL_MS\` no less than \`SWEEP_MIN_INTERVAL_MS\`.
`
}

function describeVariable(name: string, schema: TSchema): string {
  const standard = schema.default === undefined ? '–' : `\`${schema.default}\``
  return `| \`${name}\` | ${describeAllowed(schema)} | ${standard} | ${schema.description} |`
}
