import type { KindDescription, ProviderDescription } from '../../src/capabilities/provider.schemas.ts'
import { type Kind, kinds } from '../../src/vocabulary/kinds.ts'

/** One kind of a provider, as it usually is or with another choice of an API. */
export interface ProviderPart {
  kind: Kind
  /** `jobApi: container`; absent: as it usually is. */
  choice?: string
  does: KindDescription
}

/** All that a provider's documents tell, kind by kind, each as it usually is first. */
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
