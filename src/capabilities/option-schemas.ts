import type { TObject } from '@sinclair/typebox'
import type { Provider } from '../providers/provider.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import { openInertly } from './describe-provider.ts'

/** The schema of `providerOptions` for one kind: each provider's options by its id, where it has any. */
export function optionSchemasOf(providers: readonly Provider[], kind: Kind): Readonly<Record<string, TObject>> {
  const withOptions = providers.flatMap((provider) => {
    const options = openInertly(provider, provider.sample.settings).drivers[kind]?.options
    return options === undefined ? [] : [[provider.id, options] as const]
  })
  return Object.fromEntries(withOptions)
}
