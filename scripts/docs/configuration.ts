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
\`DATABASE_URL\`, \`DATABASE_DIRECT_URL\`, \`REDIS_URL\`, \`SECRETS_KEY\` and \`BOOTSTRAP_API_KEY\` are never printed.

| variable | value | default | meaning |
|---|---|---|---|
${rows.join('\n')}

\`SHUTDOWN_TIMEOUT_MS\` must be more than \`PROVIDER_TIMEOUT_MS\` and than \`SHUTDOWN_DRAIN_MS\`, and
\`SWEEP_MAX_INTERVAL_MS\` no less than \`SWEEP_MIN_INTERVAL_MS\`.

${keys}${tokens}${outgoing}`
}

const keys = `## Changing SECRETS_KEY

Every sealed text names its key by a fingerprint, so keys are changed while everything runs:

1. \`SECRETS_KEY=<old>,<new>\` for every process. All can read what either key sealed.
2. \`SECRETS_KEY=<new>,<old>\` for every process. From here on the new key seals.
3. \`main.ts secrets rotate\` seals everything anew, in pages, beside reads and writes. It can be
   broken off and repeated, prints what it did, tells each project's audit log, and exits 0 only when nothing is left under
   another key than the first.
4. After \`IDEMPOTENCY_TTL_HOURS\`, \`SECRETS_KEY=<new>\`. Earlier, a repeated request with secret variables could be refused
   as another body. Backups from before step 3 still need the old key.

Step 1 may be skipped where all processes are restarted at the same moment.

`

const tokens = `## OpenID Connect tokens

With \`OIDC_ISSUER\` and \`OIDC_AUDIENCE\`, a signed access token (JWT) of that issuer is accepted like an API key. It must have:

- \`iss\`, exactly \`OIDC_ISSUER\`, and a signature by one of the keys that the issuer's discovery document leads to;
- \`exp\`, at most 30 s ago and before the year 10000, and \`nbf\`, if present, at most 30 s ahead;
- \`sub\`, 1 to 255 characters without control characters;
- one of \`OIDC_AUDIENCE\` in \`OIDC_AUDIENCE_CLAIM\`;
- the id or name of one project in \`OIDC_PROJECT_CLAIM\`, as text or as a list of one;
- scopes in \`OIDC_SCOPES_CLAIM\`, each after \`OIDC_SCOPE_PREFIX\`. Scopes that are not Switchyard's are ignored.

A claim is set by its name or by its path: \`resource_access.switchyard.roles\` is \`roles\` in \`switchyard\` in \`resource_access\`. A
name that contains dots (\`https://example.com/project\`) is found as it is.

| issuer | settings |
|---|---|
| Amazon Cognito | \`OIDC_AUDIENCE=<client ids>\`, \`OIDC_AUDIENCE_CLAIM=client_id\`, since its access tokens have no \`aud\`; \`OIDC_SCOPE_PREFIX=<resource server>/\`; \`OIDC_PROJECT_CLAIM=client_id\` with projects named by client id, or a claim that a pre token generation trigger adds |
| Keycloak | an audience mapper for \`aud\`; client roles named like the scopes: \`OIDC_SCOPES_CLAIM=resource_access.<client>.roles\` |
| Microsoft Entra ID | \`OIDC_AUDIENCE=<application id>\`, \`OIDC_SCOPES_CLAIM=roles\` for applications, \`scp\` for users |
| Auth0 | \`OIDC_PROJECT_CLAIM=https://example.com/project\`, added by an action; \`OIDC_SCOPES_CLAIM=permissions\` or \`scope\` |

\`OIDC_AUDIENCE_CLAIM=client_id\` accepts every token that the issuer gave to that client, also one that the client obtained for
another API: use it only if the issuer sends no \`aud\`.

The issuer is asked for its keys at most once in two seconds by each process, whatever tokens arrive. Tokens that are not valid
count like unknown keys: after 300 failed authentications within a minute a network is answered 429.

`

const outgoing = `## Outgoing requests

Clients choose where their connections and webhooks go, so Switchyard holds every URL that a client sends against the
operator's rules: when it is written (422, code \`egress_denied\`) and again for each TCP connection, after the name was resolved.
Nothing but **https to public addresses** is called unless \`EGRESS_ALLOW\` lists it. Refused are private, loopback,
link-local, unique-local, carrier-grade NAT, multicast and reserved addresses, metadata services, IPv4 addresses inside
IPv6 (mapped, 6to4, Teredo, NAT64), and plain http anywhere, since credentials would travel readable.

| entry | allows |
|---|---|
| \`slurm.example.internal\` | this name, at a public, private or loopback address, by https or http |
| \`*.hpc.example.internal\` | every name below it, likewise |
| \`10.20.0.5\`, \`[fd00::5]\` | this address, under whatever name |
| \`10.20.0.0/16\`, \`fd00::/8\` | every address of the range, under whatever name |
| \`slurm.example.internal:6820\`, \`10.20.0.5:6820\`, \`[fd00::5]:8000\` | the same, on this port alone |

- In-house servers (**Slurm, JupyterHub**) need an entry each: \`EGRESS_ALLOW=slurm.example.internal:6820,hub.example.internal\`.
- Link-local addresses and the metadata services of clouds (169.254.169.254, 100.100.100.200, fd00:ec2::254, fd20:ce::254 and
  others) are allowed by no name and no range, only by their own address.
- Behind NAT64, list \`64:ff9b::/96\`; what it stands for is still judged.
- Without \`DATABASE_URL\` the embedded sandbox is listed by itself, with its ports.
- A connection whose host is not allowed (any more) waits: its workloads show \`egress_denied\`, and nothing is sent. A name that
  does not exist is told the same way unless it is listed, and after the same time: nobody finds out which names exist inside.
  A refused name is answered at whole seconds from its lookup (half seconds or less where a call may take a second or less), which
  hides a name server's time up to that; one that takes seconds over one name and none over another is still seen.
- Redirects are not followed, and no proxy is taken from the environment.
`

function describeVariable(name: string, schema: TSchema): string {
  const standard = schema.default === undefined ? '–' : `\`${schema.default}\``
  return `| \`${name}\` | ${describeAllowed(schema)} | ${standard} | ${schema.description} |`
}
