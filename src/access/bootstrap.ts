import { createHash, randomInt } from 'node:crypto'
import { hostname } from 'node:os'
import type { Actor } from '../vocabulary/actor.ts'
import { makeId } from '../vocabulary/ids.ts'
import type { InstallationRepository } from './installation.repository.ts'

/** Creates the first project and its admin key if the database has no project. Safe in concurrent processes. */
export async function bootstrap(repository: InstallationRepository, apiKey: string): Promise<boolean> {
  const hash = createHash('sha256').update(apiKey).digest()
  const by: Actor = { subject: 'bootstrap', address: hostname(), requestId: '' }
  return repository.bootstrap({ projectId: makeId('project'), keyId: makeId('apiKey'), hash }, by)
}

const letters = 'abcdefghijklmnopqrstuvwxyz'
const characters = `${letters}0123456789`
const randomCharacter = (from: string) => from.charAt(randomInt(from.length))

/** Draws the three characters that start the correlation tags of this installation. */
export function generateInstallationTag(): string {
  return randomCharacter(letters) + randomCharacter(characters) + randomCharacter(characters)
}
