import type { TSchema } from '@sinclair/typebox'
import { describeAllowed } from '../../src/config/config.ts'
import { configSchema, renamedSettings } from '../../src/config/schema.ts'
import { outgoing } from './outgoing-requests.ts'

/** Generates docs/configuration.md from the schema that validates the environment. */
export function generateConfigurationPage(): string {
  const rows = Object.entries(configSchema.properties).map(([name, schema]) => describeVariable(name, schema))
  return `# Configuration

<!-- Written by scripts/generate-docs.ts from src/config/schema.ts; change it there and run \`npm run docs:generate\`. -->

Switchyard is configured with environment variables. They are read once at startup. An invalid value ends the startup with a
message that names the variable; an empty value counts as not set. The values of \`DATABASE_URL\`, \`DATABASE_DIRECT_URL\`,
\`REDIS_URL\`, \`REDIS_SENTINEL_PASSWORD\`, \`EGRESS_PROXY\`, \`SECRETS_KEY\`, \`BOOTSTRAP_API_KEY\` and the \`…_ENDPOINT\` variables are
never printed.

## Settings

| Variable | Value | Default | Description |
|---|---|---|---|
${rows.join('\n')}

\`SHUTDOWN_TIMEOUT_MS\` must be greater than \`PROVIDER_TIMEOUT_MS\` and \`SHUTDOWN_DRAIN_MS\`. \`SWEEP_MAX_INTERVAL_MS\` must not be
less than \`SWEEP_MIN_INTERVAL_MS\`.

${renamed()}${keys}${tokens}${outgoing}`
}

function renamed(): string {
  const rows = renamedSettings.map(({ old, name, hint }) => `| \`${old}\` | \`${name}\`${hint ? `: ${hint}` : ''} |`)
  return `## Renamed settings

A former name that is still set ends the startup with a message that names its replacement.

| Former name | Replacement |
|---|---|
${rows.join('\n')}

`
}

const keys = `## Rotating SECRETS_KEY

Every encrypted value names its key by a fingerprint, so keys can be rotated without downtime:

1. Set \`SECRETS_KEY=<old>,<new>\` for every process. All processes can now decrypt with either key.
2. Set \`SECRETS_KEY=<new>,<old>\` for every process. New values are now encrypted with the new key.
3. Run \`main.ts secrets rotate\`. It re-encrypts all values in pages while the service runs. It can be interrupted and repeated,
   prints a report, writes to each project's audit log, and exits with code 0 only if every value is encrypted with the first key.
4. After \`IDEMPOTENCY_TTL_HOURS\`, set \`SECRETS_KEY=<new>\`. Earlier, a repeated request with secret variables could be rejected
   as a different request. Backups made before step 3 still require the old key.

Step 1 can be skipped if all processes are restarted at the same time.

`

const tokens = `## OpenID Connect tokens

With \`OIDC_ISSUER\` and \`OIDC_AUDIENCE\` set, a signed access token (JWT) of that issuer is accepted in addition to API keys. It must have:

- \`iss\`, equal to \`OIDC_ISSUER\`, and a signature by one of the keys published through the issuer's discovery document;
- \`exp\`, at most 30 s ago and before the year 10000, and \`nbf\`, if present, at most 30 s ahead;
- \`sub\`, 1 to 255 characters without control characters;
- one of \`OIDC_AUDIENCE\` in \`OIDC_AUDIENCE_CLAIM\`;
- the id or name of one project in \`OIDC_PROJECT_CLAIM\`, as a string or a list of one;
- scopes in \`OIDC_SCOPES_CLAIM\`, each after \`OIDC_SCOPE_PREFIX\`. Unknown scopes are ignored.

A claim is configured by its name or its path: \`resource_access.switchyard.roles\` is \`roles\` in \`switchyard\` in \`resource_access\`. A
name that contains dots, such as \`https://example.com/project\`, is matched first.

| Issuer | Settings |
|---|---|
| Amazon Cognito | \`OIDC_AUDIENCE=<client ids>\`, \`OIDC_AUDIENCE_CLAIM=client_id\`, since its access tokens have no \`aud\`; \`OIDC_SCOPE_PREFIX=<resource server>/\`; \`OIDC_PROJECT_CLAIM=client_id\` with projects named by client id, or a claim added by a pre token generation trigger |
| Keycloak | an audience mapper for \`aud\`; client roles named like the scopes: \`OIDC_SCOPES_CLAIM=resource_access.<client>.roles\` |
| Microsoft Entra ID | \`OIDC_AUDIENCE=<application id>\`, \`OIDC_SCOPES_CLAIM=roles\` for applications, \`scp\` for users |
| Auth0 | \`OIDC_PROJECT_CLAIM=https://example.com/project\`, added by an action; \`OIDC_SCOPES_CLAIM=permissions\` or \`scope\` |

\`OIDC_AUDIENCE_CLAIM=client_id\` accepts every token issued to that client, including tokens for other APIs. Use it only if the
issuer sends no \`aud\`.

Each process requests the issuer's keys at most once every two seconds, independent of the number of tokens. Invalid tokens
count like unknown keys: after 300 failed authentications within a minute, requests of that network receive 429.

`

function describeVariable(name: string, schema: TSchema): string {
  const standard = schema.default === undefined ? '–' : `\`${schema.default}\``
  return `| \`${name}\` | ${describeAllowed(schema)} | ${standard} | ${schema.description} |`
}
