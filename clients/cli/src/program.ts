import { Command, Option } from 'commander'
import type { Cli, GlobalOptions } from './cli.ts'
import { addAdminCommands } from './commands/admin.ts'
import { addCompletionCommands } from './commands/completion.ts'
import { addConnectionCommands } from './commands/connections.ts'
import { addEnvironmentCommands } from './commands/environments.ts'
import { addEventsCommand } from './commands/events.ts'
import { addJobCommands } from './commands/jobs.ts'
import { addKeyCommands } from './commands/keys.ts'
import { addLoginCommands } from './commands/login.ts'
import { addProviderCommands } from './commands/providers.ts'
import { addWebhookCommands } from './commands/webhooks.ts'
import { formats } from './output/output.ts'
import { version } from './version.ts'

/** The command tree. Nothing is read, sent or written before a command is parsed. */
export function makeProgram(cli: Cli): Command {
  const program = new Command('switchyard')
    .description('Submit jobs and manage environments over AI-compute providers.')
    .version(version, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Print help.')
    .helpCommand('help [command]', 'Print help of a command.')
    .option('--profile <name>', 'Use this profile (SWITCHYARD_PROFILE).')
    .option('--url <url>', 'Call this service (SWITCHYARD_URL).')
    .addOption(new Option('-o, --output <format>', 'Output format; table by default.').choices(formats))
    .option('--json', 'Write results and errors as JSON.')
    .option('--no-color', 'Write no colours (NO_COLOR).')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => void cli.stdout.write(text),
      writeErr: (text) => void cli.stderr.write(text),
      // Errors are written by the caller, as text or JSON.
      outputError: () => undefined,
    })
    .exitOverride()
  program.hook('preAction', (_program, command) => cli.configure(command.optsWithGlobals<GlobalOptions>()))
  for (const add of [
    addLoginCommands,
    addJobCommands,
    addEnvironmentCommands,
    addProviderCommands,
    addConnectionCommands,
    addWebhookCommands,
    addKeyCommands,
    addEventsCommand,
    addAdminCommands,
    addCompletionCommands,
  ])
    add(program, cli)
  return program
}
