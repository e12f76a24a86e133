import { parseArgs } from 'node:util'
import { ConfigError } from './config.ts'

/** Each command is loaded when it is asked for: `migrate` needs no HTTP service, `openapi` no database. */
const commands = {
  serve: {
    does: 'Run the service: API, workers, or both (ROLE).',
    run: async () => (await import('./roles/serve.ts')).serve(),
  },
  demo: {
    does: 'Send example jobs to every sandbox provider and watch them end.',
    run: async () => (await import('./roles/demo.ts')).demo(),
  },
  migrate: {
    does: 'Bring the database to this version.',
    run: async () => (await import('./roles/migrate.ts')).runMigrations(),
  },
  sandbox: {
    does: 'Run the sandbox providers alone.',
    run: async () => (await import('./roles/sandbox.ts')).runSandbox(),
  },
  doctor: {
    does: 'Look for what must not be in the database.',
    run: async () => (await import('./roles/doctor.ts')).runDoctor(),
  },
  openapi: {
    does: 'Print the OpenAPI document.',
    run: async () => (await import('./roles/openapi.ts')).printOpenApi(),
  },
} as const

function usage(): string {
  const lines = Object.entries(commands).map(([name, { does }]) => `  ${name.padEnd(9)} ${does}`)
  return `Usage: main.ts <command>\n\n${lines.join('\n')}\n\nConfiguration is read from the environment; see docs/configuration.md.\n`
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  })
  const [name] = positionals
  if (values.help === true) process.stdout.write(usage())
  else if (name === undefined || !(name in commands) || positionals.length > 1) {
    process.stderr.write(usage())
    process.exitCode = 2
  } else await commands[name as keyof typeof commands].run()
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`)
  process.exitCode = 1
})
