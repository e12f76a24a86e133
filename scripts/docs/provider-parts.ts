import type { KindDescription, ProviderDescription } from '../../src/capabilities/provider.schemas.ts'
import { type Kind, kinds } from '../../src/vocabulary/kinds.ts'

/** Kind of a provider, for the default API or an alternative one. */
export interface ProviderPart {
  kind: Kind
  /** Setting that selects an alternative, such as `jobApi: container`; absent = default. */
  choice?: string
  does: KindDescription
}

/** Documented parts of a provider, by kind, the default first. */
export function partsOf(provider: ProviderDescription): ProviderPart[] {
  return kinds.flatMap((kind) => {
    const usual = provider.kinds[kind]
    const others = (provider.variants ?? []).flatMap((variant) => {
      const does = variant.kinds[kind]
      return does === undefined ? [] : [{ kind, choice: choiceOf(variant.settings), does }]
    })
    return [...(usual === undefined ? [] : [{ kind, does: usual }]), ...others]
  })
}

function choiceOf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')
}
