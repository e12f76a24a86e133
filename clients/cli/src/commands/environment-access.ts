import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { CommandError } from '../command-error.ts'
import { openInBrowser } from '../output/open-in-browser.ts'

/** `switchyard environments access|ssh|open` */
export function addAccessCommands(environments: Command, cli: Cli): void {
  environments
    .command('access <id>')
    .description('Print the access details of an environment. They contain secrets.')
    .action(async (id: string) => {
      const { environments: api } = await cli.client()
      cli.out.record(await api.access(id), { columns: [], name: 'token' })
    })
  environments
    .command('ssh <id> [arguments...]')
    .description('Log in to an environment with the ssh program; arguments after -- are passed to it.')
    .option('--print', 'Print the command instead of running it.')
    .action(async (id: string, args: readonly string[], { print }: { print?: boolean }) => {
      const command = await sshCommand(cli, id, args)
      if (print === true) cli.out.text(['ssh', ...command].map(quoted).join(' '))
      else cli.exitCode = await runSsh(command)
    })
  environments
    .command('open <id>')
    .description('Open an environment in the browser.')
    .option('--name <interface>', 'The interface to open, if there are several.')
    .option('--print', 'Print the address instead of opening it. It may contain a token.')
    .action(async (id: string, { name, print }: { name?: string; print?: boolean }) => {
      const url = await findUrl(cli, id, name)
      if (print === true) return cli.out.text(url)
      await openInBrowser(url, () => cli.out.note(`Opened ${new URL(url).origin}.`))
    })
}

async function sshCommand(cli: Cli, id: string, args: readonly string[]): Promise<string[]> {
  const { ssh } = await (await cli.client()).environments.access(id)
  if (ssh === undefined) throw new CommandError(`${id} offers no SSH login. See: switchyard environments access ${id}`)
  // The values come from the provider: neither may be read as an option, which can run a program.
  const parts = [ssh.host, ...(ssh.user === undefined ? [] : [ssh.user])]
  if (parts.some((part) => !/^[\w:][\w.:%-]*$/.test(part)))
    throw new CommandError(
      `${id} has an SSH login with unexpected characters. See: switchyard environments access ${id}`,
    )
  return ['-p', String(ssh.port), ...(ssh.user === undefined ? [] : ['-l', ssh.user]), '--', ssh.host, ...args]
}

function runSsh(args: readonly string[]): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  // Ctrl-C reaches ssh, which handles it.
  const ignore = (): void => undefined
  process.on('SIGINT', ignore)
  spawn('ssh', args, { stdio: 'inherit' })
    .once('error', (cause) =>
      reject(new CommandError('The program ssh cannot be started. Install OpenSSH.', { cause })),
    )
    .once('close', (code, signal) => {
      process.off('SIGINT', ignore)
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  return promise
}

async function findUrl(cli: Cli, id: string, name: string | undefined): Promise<string> {
  const { urls, ports = [] } = await (await cli.client()).environments.access(id)
  const named = [
    ...urls,
    ...ports.flatMap(({ port, url }) => (url === undefined ? [] : [{ name: String(port), url }])),
  ].filter(({ url }) => /^https?:\/\//i.test(url))
  const found = name === undefined ? named : named.filter((each) => each.name === name)
  const [first, ...more] = found
  const known = named.map((each) => each.name).join(', ') || 'none'
  if (first === undefined) throw new CommandError(`${id} has no such web interface. Its interfaces: ${known}.`)
  if (more.length > 0) throw new CommandError(`${id} has several web interfaces: ${known}. Select one with --name.`)
  return first.url
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
