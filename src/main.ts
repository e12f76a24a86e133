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
  key: {
    does: 'Make an API key: key create --name <name>.',
    run: async (args: readonly string[]) => (await import('./roles/key.ts')).runKey(args),
  },
  secrets: {
    does: 'Seal all secrets anew with the first key of SECRETS_KEY: secrets rotate.',
    run: async (args: readonly string[]) => (await import('./roles/secrets.ts')).runSecrets(args),
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

/** What follows a command's name is its own; most take nothing. */
async function main([name, ...args]: readonly string[]): Promise<void> {
  const command = name === undefined || !Object.hasOwn(commands, name) ? undefined : name
  if (name === '--help' || name === '-h') process.stdout.write(usage())
  else if (command === undefined || (args.length > 0 && !takesArguments.has(command))) {
    process.stderr.write(usage())
    process.exitCode = 2
  } else await commands[command as keyof typeof commands].run(args)
}

const takesArguments: ReadonlySet<string> = new Set(['key', 'secrets'])

/** When a command is over, nothing may keep the process: this timer does not, and it fires only where something does. */
const lingerMs = 2000

// A report that Node writes when it crashes must not hold SECRETS_KEY.
process.report.excludeEnv = true

main(process.argv.slice(2))
  .catch(async (error: unknown) => {
    process.exitCode = 1
    const { failureText } = await import('./roles/start-error.ts')
    process.stderr.write(`${failureText(error)}\n`)
  })
  .finally(() => setTimeout(() => process.exit(), lingerMs).unref())
