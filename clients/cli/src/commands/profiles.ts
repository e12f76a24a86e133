import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { usageError } from '../command-error.ts'
import { field, type View } from '../output/views.ts'
import { profilesPath, readProfiles, writeProfiles } from '../settings/profiles.ts'

const profileView: View = {
  columns: [
    { head: 'CURRENT', cell: ({ current }) => (current === true ? '*' : '') },
    field('NAME', 'name'),
    field('URL', 'url'),
  ],
  name: 'name',
}

/** `switchyard profiles …`. Keys are never printed. */
export function addProfileCommands(program: Command, cli: Cli): void {
  const profiles = program.command('profiles').description('Manage stored services and keys.')
  profiles
    .command('list')
    .description('List profiles.')
    .action(async () => {
      const stored = await readProfiles(profilesPath(cli.env))
      const rows = Object.entries(stored.profiles).map(([name, { url }]) => ({
        name,
        url,
        current: name === stored.current,
      }))
      cli.out.list(rows, profileView)
    })
  profiles
    .command('use <name>')
    .description('Make a profile the current one.')
    .action(async (name: string) => {
      const { path, stored } = await findProfile(cli, name)
      await writeProfiles(path, { ...stored, current: name })
      cli.out.note(`Profile ${name} is now the current one.`)
    })
  profiles
    .command('delete <name>')
    .description('Delete a profile and its key. The key remains valid: see keys revoke.')
    .action(async (name: string) => {
      const { path, stored } = await findProfile(cli, name)
      const { [name]: _deleted, ...rest } = stored.profiles
      const { current } = stored
      await writeProfiles(path, { ...(current === undefined || current === name ? {} : { current }), profiles: rest })
      cli.out.note(`Profile ${name} is deleted.`)
    })
}

async function findProfile({ env }: Cli, name: string) {
  const path = profilesPath(env)
  const stored = await readProfiles(path)
  if (Object.hasOwn(stored.profiles, name)) return { path, stored }
  const known = Object.keys(stored.profiles).join(', ') || 'none'
  throw usageError(`Profile ${name} does not exist. Existing profiles: ${known}.`)
}
