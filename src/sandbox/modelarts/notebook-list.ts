import type { Call, ProviderResponse } from '../provider.ts'
import type { World } from '../world.ts'
import { isDescending } from './environment-states.ts'
import { notebookView } from './notebook-view.ts'
import { wrongValue } from './rules.ts'
import { countIn, ok, type ProjectObjects } from './service.ts'
import type { ModelartsAccount, NotebookData } from './wire.ts'

interface ListParts {
  world: World
  objects: ProjectObjects<NotebookData>
}

const pageSizes: ReadonlySet<number> = new Set([10, 20, 50])

/** A page of 10, 20 or 50 notebooks from a record offset, newest first by default. @throws Rejection */
export function listNotebooks({ world, objects }: ListParts, caller: ModelartsAccount, call: Call): ProviderResponse {
  const { query } = call
  const limit = countIn(call, 'limit', { min: 1, fallback: 10, rejection: wrongValue('limit') })
  if (!pageSizes.has(limit)) throw wrongValue('limit')
  const offset = countIn(call, 'offset', { min: 0, fallback: 0, rejection: wrongValue('offset') })
  const isNewestFirst = isDescending(query.get('sort_dir'), 'desc', 'sort_dir')
  const matches = objects
    .listed(caller, call)
    .map((notebook) => notebookView(notebook, caller, world.now()))
    .filter((shown) => matchesQuery(shown, query))
  if (isNewestFirst) matches.reverse()
  // The offset counts records, not pages.
  const data = matches.slice(offset, offset + limit)
  const pages = Math.ceil(matches.length / limit)
  return ok({ current: Math.floor(offset / limit), data, pages, size: limit, total: matches.length })
}

function matchesQuery(shown: ReturnType<typeof notebookView>, query: URLSearchParams): boolean {
  const allows = (name: string, value: string) => [null, '', value].includes(query.get(name))
  // Documented as workspaceId; the SDKs send workspace_id.
  const workspace = query.get('workspaceId') ?? query.get('workspace_id') ?? shown.workspace_id
  return (
    shown.name.includes(query.get('name') ?? '') &&
    allows('status', shown.status) &&
    allows('feature', shown.feature) &&
    allows('owner', shown.user.id) &&
    allows('flavor', shown.flavor) &&
    allows('id', shown.id) &&
    workspace === shown.workspace_id
  )
}
