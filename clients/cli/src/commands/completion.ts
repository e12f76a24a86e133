import { script } from '@bomb.sh/tab'
import { Argument, type Command } from 'commander'
import type { Cli } from '../cli.ts'
import { bashScript } from '../completion/bash-script.ts'
import { completionsFor } from '../completion/completions-for.ts'

const shells = ['bash', 'zsh', 'fish'] as const

/** `switchyard completion <shell>`, and the hidden `complete -- …` that its script calls. */
export function addCompletionCommands(program: Command, cli: Cli): void {
  program
    .command('completion')
    .description('Print the completion script of a shell, such as: source <(switchyard completion bash)')
    .addArgument(new Argument('<shell>', 'The shell.').choices(shells))
    .action((shell: string) => {
      // The script of the library for bash requires bash-completion, and evaluates the words that are typed.
      if (shell === 'bash') cli.stdout.write(bashScript(program.name()))
      else script(shell, program.name(), program.name())
    })
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action(async (words: readonly string[]) => {
      const { candidates, directive } = await completionsFor(program, words, cli)
      const lines = candidates.map(({ value, description = '' }) => `${value}\t${description}`)
      cli.stdout.write(`${[...lines, `:${directive}`].join('\n')}\n`)
    })
}
