import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Journal, WorldObject } from './world.ts'

/**
 * Opens a journal file, creating it if necessary: one JSON line per change, written before the change is acknowledged.
 * A partial last line from a killed process is dropped.
 */
export function openJournal(path: string): Journal {
  const lines = existsSync(path) ? parseLines(readFileSync(path, 'utf8')) : []
  const byKey = new Map<string, WorldObject>()
  let generation = 0
  for (const line of lines) {
    if ('generation' in line) generation = line.generation
    else byKey.set(`${line.provider}/${line.kind}/${line.id}`, line)
  }
  const objects = [...byKey.values()]
  const header = `${JSON.stringify({ generation: generation + 1 })}\n`
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.next`, header + objects.map((object) => `${JSON.stringify(object)}\n`).join(''))
  renameSync(`${path}.next`, path)
  return {
    generation,
    objects,
    write: (object) => appendFileSync(path, `${JSON.stringify(object)}\n`),
    clear: () => writeFileSync(path, header),
  }
}

function parseLines(text: string): (WorldObject | { generation: number })[] {
  const lines = text.split('\n')
  const complete = lines.slice(0, -1)
  return complete.filter((line) => line !== '').map((line) => JSON.parse(line))
}
