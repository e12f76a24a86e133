import { makeCli } from '../../clients/cli/src/cli.ts'
import { makeProgram } from '../../clients/cli/src/program.ts'
import { code, table, withGeneratedPart } from './markdown.ts'

type Command = ReturnType<typeof makeProgram>
type Option = Command['options'][number]

/** Generates docs/cli.md with the reference of all commands, from the command tree. */
export function generateCliReference(page: string): string {
  const { stdin, stdout, stderr } = process
  const program = makeProgram(makeCli({ stdin, stdout, stderr, env: {} }))
  const visible = commandsOf(program)
  const single = visible.filter((command) => commandsOf(command).length === 0)
  const groups = visible.filter((command) => commandsOf(command).length > 0)
  const parts = [
    section('Options of every command', optionRows(program, '')),
    section('Commands without a group', single.flatMap(commandRows)),
    ...groups.map((group) =>
      section(group.name(), commandsOf(group).flatMap(commandRows), aliasNote(group, group.description())),
    ),
  ]
  return withGeneratedPart(page, { name: 'reference', heading: 'Reference', text: parts.join('\n\n') })
}

function commandsOf(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help')
}

function aliasNote(group: Command, text: string): string {
  const [alias] = group.aliases()
  return alias === undefined ? text : `${text} ${code(alias)} is a short form of ${code(group.name())}.`
}

function section(title: string, rows: readonly (readonly string[])[], text = ''): string {
  const body = table(['Command or option', 'Description'], rows)
  return [`### ${title}`, text, body].filter((part) => part !== '').join('\n\n')
}

function commandRows(command: Command): string[][] {
  return [[`**${code(usageOf(command))}**`, command.description()], ...optionRows(command, '&emsp;')]
}

function usageOf(command: Command): string {
  const names: string[] = []
  for (let each: Command | null = command; each !== null; each = each.parent) names.unshift(each.name())
  const operands = command.registeredArguments.map((argument) => {
    const name = argument.name() + (argument.variadic ? '...' : '')
    return argument.required ? `<${name}>` : `[${name}]`
  })
  return [...names, ...operands].join(' ')
}

function optionRows(command: Command, indent: string): string[][] {
  const options = command
    .createHelp()
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help' || command.parent === null)
  return options.map((option) => [`${indent}${code(option.flags)}`, descriptionOf(option)])
}

function descriptionOf({ description, argChoices, defaultValue, mandatory }: Option): string {
  const choices = argChoices === undefined ? '' : ` One of ${argChoices.map(code).join(', ')}.`
  const isShown = typeof defaultValue === 'number' || typeof defaultValue === 'string'
  const fallback = isShown ? ` Default: ${code(String(defaultValue))}.` : ''
  return `${description}${choices}${fallback}${mandatory ? ' Required.' : ''}`
}
