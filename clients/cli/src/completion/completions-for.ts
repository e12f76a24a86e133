import type { Command, Option } from 'commander'
import type { Cli, GlobalOptions } from '../cli.ts'
import { type Candidate, valuesOf } from './values.ts'

export interface Completions {
  candidates: readonly Candidate[]
  /** Instruction to the script of the shell, by the protocol of cobra. */
  directive: number
}

/** The shell completes file names. */
const filesDirective = 0
/** The shell adds nothing. */
const noFilesDirective = 4

/** Options whose value is a file. */
const fileOptions: ReadonlySet<string> = new Set(['--file', '--key-file', '--credentials-file'])

/** Completes the last of the words after the name of the program; an empty one stands for any. */
export async function completionsFor(program: Command, words: readonly string[], cli: Cli): Promise<Completions> {
  const current = words.at(-1) ?? ''
  const place = placeOf(program, words.slice(0, -1))
  // `--profile` and `--url` before the cursor select the service that values are read from.
  cli.configure(place.given)
  const { candidates, directive } = await optionsOf(place, current, cli)
  // After `--output=`, shells complete only the value.
  const typed = current.startsWith('--') && current.includes('=') ? current.slice(current.indexOf('=') + 1) : current
  return { candidates: candidates.filter(({ value }) => value.startsWith(typed)), directive }
}

interface Place {
  command: Command
  /** Arguments before the cursor that are not options. */
  operands: number
  /** Option before the cursor that requires a value. */
  pending?: Option
  given: GlobalOptions
}

function placeOf(program: Command, before: readonly string[]): Place {
  const place: Place = { command: program, operands: 0, given: {} }
  for (const word of before) {
    if (place.pending !== undefined) {
      setGlobal(place.given, place.pending, word)
      delete place.pending
    } else if (word.startsWith('-') && word !== '-') passOption(place, word)
    else passOperand(place, word)
  }
  return place
}

function passOption(place: Place, word: string): void {
  const option = findOption(place.command, word)
  if (option?.required !== true) return
  const equals = word.indexOf('=')
  if (equals < 0) place.pending = option
  else setGlobal(place.given, option, word.slice(equals + 1))
}

function passOperand(place: Place, word: string): void {
  const next = place.command.commands.find((each) => each.name() === word || each.aliases().includes(word))
  if (next === undefined) place.operands += 1
  else place.command = next
}

function setGlobal(given: GlobalOptions, { long }: Option, value: string): void {
  if (long === '--profile') given.profile = value
  if (long === '--url') given.url = value
}

function findOption(command: Command, word: string): Option | undefined {
  const [name] = word.split('=')
  return allOptions(command).find(({ short, long }) => short === name || long === name)
}

function allOptions(command: Command): Option[] {
  const help = command.createHelp()
  help.showGlobalOptions = true
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)]
}

async function optionsOf({ command, operands, pending }: Place, current: string, cli: Cli): Promise<Completions> {
  if (pending !== undefined) return valuesOfOption(pending, cli)
  if (current.startsWith('--') && current.includes('=')) {
    const option = findOption(command, current)
    return option === undefined ? none : valuesOfOption(option, cli)
  }
  if (current.startsWith('-')) return listed(allOptions(command).map(candidateOfOption))
  const subcommands = command.createHelp().visibleCommands(command)
  if (subcommands.length > 0 && operands === 0)
    return listed(
      subcommands.map((each) => ({ value: each.name(), description: each.summary() || each.description() })),
    )
  return valuesOfArgument(command, operands, cli)
}

const none: Completions = { candidates: [], directive: noFilesDirective }

function listed(candidates: readonly Candidate[]): Completions {
  return { candidates, directive: noFilesDirective }
}

function candidateOfOption({ long, short, description }: Option): Candidate {
  return { value: long ?? short ?? '', description }
}

async function valuesOfOption(option: Option, cli: Cli): Promise<Completions> {
  const long = option.long ?? ''
  if (fileOptions.has(long)) return { candidates: [], directive: filesDirective }
  if (option.argChoices !== undefined) return listed(option.argChoices.map((value) => ({ value })))
  return listed(await valuesOf(long, cli))
}

/** Values of an argument: its choices, or the ids of the records that the group of commands is about. */
async function valuesOfArgument(command: Command, operands: number, cli: Cli): Promise<Completions> {
  const { registeredArguments } = command
  const argument = registeredArguments[operands] ?? registeredArguments.findLast(({ variadic }) => variadic)
  if (argument === undefined) return none
  if (argument.argChoices !== undefined) return listed(argument.argChoices.map((value) => ({ value })))
  return listed(await valuesOf(`${command.parent?.name()} ${argument.name()}`, cli))
}
