import type { TSchema } from '@sinclair/typebox'
import { describeAllowed } from '../../src/config.ts'
import { configSchema } from '../../src/config-schema.ts'
import { code, table, withGeneratedPart } from './markdown.ts'

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

${keys}${outgoing}`
}

/** README.md with every variable in a line. */
export function generateConfigurationTable(readme: string): string {
  const rows = Object.entries(configSchema.properties).map(([name, { default: standard, description = '' }]) => [
    code(name),
    standard === undefined ? '–' : code(String(standard)),
    firstSentence(description),
  ])
  const text = table(['variable', 'default', 'what for'], rows)
  return withGeneratedPart(readme, { name: 'configuration', heading: 'Configuration', text })
}

function firstSentence(text: string): string {
  return text.split(/(?<=\.) (?=[A-Z])/, 1)[0] ?? ''
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
- Link-local addresses and metadata services (169.254.169.254) are allowed by no name and no range, only by their own address.
- Behind NAT64, list \`64:ff9b::/96\`; what it stands for is still judged.
- Without \`DATABASE_URL\` the embedded sandbox is listed by itself, with its ports.
- A connection whose host is not allowed (any more) waits: its workloads show \`egress_denied\`, and nothing is sent.
- Redirects are not followed, and no proxy is taken from the environment.
`

function describeVariable(name: string, schema: TSchema): string {
  const standard = schema.default === undefined ? '–' : `\`${schema.default}\``
  return `| \`${name}\` | ${describeAllowed(schema)} | ${standard} | ${schema.description} |`
}
