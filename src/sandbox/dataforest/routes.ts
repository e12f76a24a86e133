import type { EmulationContext, Operation } from '../provider.ts'
import type { Random } from '../random.ts'
import { aiAppOperations } from './ai-apps.ts'
import type { OperationName } from './rules.ts'
import { defineOperation, type Execute } from './service.ts'
import {
  type AiAppData,
  type DataforestAccount,
  type DataforestSettings,
  koreanTime,
  type WorkspaceData,
} from './wire.ts'
import { workspaceOperations } from './workspaces.ts'

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const accountCreatedAt = 1_658_880_000_000

/** Every emulated operation of Data Forest. */
export function dataforestOperations(
  { world, settings }: EmulationContext<DataforestSettings>,
  accounts: readonly DataforestAccount[],
): Operation[] {
  const parts = {
    world,
    settings,
    accounts,
    workspaces: world.collection<WorkspaceData>('dataforest', 'aiworkspace'),
    apps: world.collection<AiAppData>('dataforest', 'aiapp'),
    makeId: () => world.freshId('dataforest', randomBase62Uuid),
  }
  const handlers: Record<OperationName, Execute> = {
    'accounts.getList': (caller, _body, { listing }) => accountList(listing.isEmpty ? [] : [caller]),
    ...workspaceOperations(parts),
    ...aiAppOperations(parts),
  }
  return (Object.keys(handlers) as OperationName[]).map((name) =>
    defineOperation({ name, settings, accounts, execute: handlers[name] }),
  )
}

// A user has one account, so the list has one entry.
function accountList(own: readonly DataforestAccount[]) {
  const contents = own.map(({ accountId, accountName }) => ({
    id: accountId,
    name: accountName,
    principal: `${accountName}@KR.DF.NAVER.COM`,
    status: 'RUNNING',
    createdAt: koreanTime(accountCreatedAt),
    disabled: false,
  }))
  return { total: contents.length, contents }
}

/** A UUID in Base62. Documented samples have 21 or 22 characters, so the rare shorter ones are discarded. */
function randomBase62Uuid(random: Random): string {
  for (;;) {
    let rest = random.bits(128)
    let id = ''
    for (; rest > 0n; rest /= 62n) id = base62.charAt(Number(rest % 62n)) + id
    if (id.length >= 21) return id
  }
}
