import { CommanderError } from 'commander'
import { type Cli, makeCli, type Surroundings } from './cli.ts'
import { usageError } from './command-error.ts'
import { exitCodes } from './exit-codes.ts'
import { exitCodeOf, renderError } from './output/error-text.ts'
import { makePaint } from './output/paint.ts'
import { makeProgram } from './program.ts'

/** Runs one command. Returns the exit code; an error has been written to standard error. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const cli = makeCli(surroundings)
  endWithReaders(cli)
  try {
    await makeProgram(cli).parseAsync([...args], { from: 'user' })
    return cli.exitCode
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCodes.ok
    // Help of a group without a command has been written.
    if (thrown instanceof CommanderError && thrown.code === 'commander.help') return exitCodes.usage
    const error = thrown instanceof CommanderError ? usageError(sentenceOf(thrown.message)) : thrown
    surroundings.stderr.write(renderError(error, formatOf(args, surroundings)))
    return exitCodeOf(error) === exitCodes.failed ? (cli.errorExitCode ?? exitCodes.failed) : exitCodeOf(error)
  }
}

/**
 * A reader that ends, such as `head`, is no error: the program ends too. A wait for a job continues without output, since
 * its exit code is that of the job.
 */
function endWithReaders(cli: Cli): void {
  for (const stream of [cli.stdout, cli.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      if (cli.errorExitCode === undefined) process.exit(cli.exitCode)
    })
}

/** Taken from the arguments, because a command that cannot be parsed has no options. */
function formatOf(args: readonly string[], { stderr }: Surroundings) {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
  const isJson =
    own.includes('--json') || own.some((arg, index) => arg === 'json' && /^(-o|--output)$/.test(own[index - 1] ?? ''))
  const isJsonJoined = own.includes('-ojson') || own.includes('--output=json')
  return { json: isJson || isJsonJoined, paint: makePaint(stderr, { enabled: !own.includes('--no-color') }) }
}

/** `error: unknown option '--x'` becomes a sentence. */
function sentenceOf(message: string): string {
  const text = message.replace(/^error: /, '')
  const sentence = text.slice(0, 1).toUpperCase() + text.slice(1)
  return /[.?)]$/.test(sentence) ? sentence : `${sentence}.`
}
