/** Commands are loaded on demand: `migrate` needs no HTTP service, `openapi` no database. */
const commands = {
  serve: {
    does: 'Run the service: API, worker, or both (ROLE).',
    run: async () => (await import('./commands/serve.ts')).serve(),
  },
  demo: {
    does: 'Run example jobs on every sandbox provider; --engine slurm|kubernetes|ray runs one on a real engine.',
    run: async (args: readonly string[]) => (await import('./commands/demo.ts')).demo(args),
  },
  migrate: {
    does: 'Apply pending database migrations; --status lists them, --dry-run prints their SQL.',
    run: async (args: readonly string[]) => (await import('./commands/migrate.ts')).runMigrations(args),
  },
  sandbox: {
    does: 'Run only the sandbox providers.',
    run: async () => (await import('./commands/sandbox.ts')).runSandbox(),
  },
  key: {
    does: 'Create an API key: key create --name <name>.',
    run: async (args: readonly string[]) => (await import('./commands/key.ts')).runKey(args),
  },
  secrets: {
    does: 'Re-encrypt all secrets with the first key of SECRETS_KEY: secrets rotate.',
    run: async (args: readonly string[]) => (await import('./commands/secrets.ts')).runSecrets(args),
  },
  doctor: {
    does: 'Check database invariants, and Redis if configured; --fix repairs what needs no decision, --fix --dry-run lists it.',
    run: async (args: readonly string[]) => (await import('./commands/doctor.ts')).runDoctor(args),
  },
  openapi: {
    does: 'Print the OpenAPI document.',
    run: async () => (await import('./commands/openapi.ts')).printOpenApi(),
  },
} as const

function usage(): string {
  const lines = Object.entries(commands).map(([name, { does }]) => `  ${name.padEnd(9)} ${does}`)
  return `Usage: main.ts <command>\n\n${lines.join('\n')}\n\nConfiguration is read from the environment; see docs/configuration.md.\n`
}

/** Arguments after the name belong to the command; most accept none. */
async function main([name, ...args]: readonly string[]): Promise<void> {
  const command = name === undefined || !Object.hasOwn(commands, name) ? undefined : name
  if (name === '--help' || name === '-h') process.stdout.write(usage())
  else if (command === undefined || (args.length > 0 && !takesArguments.has(command))) {
    process.stderr.write(usage())
    process.exitCode = 2
  } else await commands[command as keyof typeof commands].run(args)
}

const takesArguments: ReadonlySet<string> = new Set(['demo', 'doctor', 'key', 'migrate', 'secrets'])

/** Delay before exit, in case an open handle keeps the process alive after the command. The timer itself does not. */
const lingerMs = 2000

// Node's crash reports must not contain SECRETS_KEY.
process.report.excludeEnv = true

main(process.argv.slice(2))
  .catch(async (error: unknown) => {
    process.exitCode = 1
    const { failureText } = await import('./commands/start-error.ts')
    process.stderr.write(`${failureText(error)}\n`)
  })
  .finally(() => setTimeout(() => process.exit(), lingerMs).unref())
