import type { Switchyard } from '@switchyard/client'
import { type Format, makeOutput, type Output } from './output/output.ts'
import { makePaint, type Paint } from './output/paint.ts'
import { isReadableByOthers, profilesPath } from './settings/profiles.ts'
import { resolveService } from './settings/resolve-service.ts'

/** The streams and the environment of the process. */
export interface Surroundings {
  stdin: NodeJS.ReadStream
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
  env: Readonly<Record<string, string | undefined>>
}

/** Options that every command has. */
export interface GlobalOptions {
  profile?: string
  url?: string
  output?: Format
  /** Output and errors as JSON. */
  json?: boolean
  /** False with --no-color. */
  color?: boolean
}

/** Dependencies of a command. */
export interface Cli extends Surroundings {
  readonly options: GlobalOptions
  readonly out: Output
  /** Colours of standard error. */
  readonly paint: Paint
  /** Exit code of the program if no error is thrown. */
  exitCode: number
  /** Exit code for any error, if the usual ones could be confused with those of a job. */
  errorExitCode?: number
  /** Applies the options of the command that runs. */
  configure(options: GlobalOptions): void
  /** The client of the selected service. */
  client(): Promise<Switchyard>
}

export function makeCli(surroundings: Surroundings): Cli {
  const { stdout, stderr, env } = surroundings
  let options: GlobalOptions = {}
  let opened: Promise<Switchyard> | undefined
  const paintOf = (stream: NodeJS.WritableStream): Paint => makePaint(stream, { enabled: options.color !== false })
  return {
    ...{ stdout, stderr, env },
    // Opened when it is read.
    get stdin() {
      return surroundings.stdin
    },
    exitCode: 0,
    get options() {
      return options
    },
    get out() {
      const format = options.json === true ? 'json' : (options.output ?? 'table')
      return makeOutput({ format, stdout, stderr, paint: paintOf(stdout) })
    },
    get paint() {
      return paintOf(stderr)
    },
    configure(given) {
      options = given
    },
    client() {
      opened ??= openClient(options, env, (text) => stderr.write(`${text}\n`))
      return opened
    },
  }
}

async function openClient(
  options: GlobalOptions,
  env: Surroundings['env'],
  warn: (text: string) => void,
): Promise<Switchyard> {
  const path = profilesPath(env)
  if (await isReadableByOthers(path)) warn(`Warning: ${path} can be read by other users. Run: chmod 600 ${path}`)
  const service = await resolveService(options, env)
  // Loaded when it is used: completion, help and the documentation need no client.
  const { Switchyard } = await import('@switchyard/client')
  return new Switchyard(service)
}
