import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { unfilledPlaceholders } from '../../scripts/providers/unfilled.ts'
import { openInertly } from '../../src/capabilities/describe-provider.ts'
import type { Kind } from '../../src/vocabulary/kinds.ts'
import { kinds } from '../../src/vocabulary/kinds.ts'
import { describeCapabilities } from './behaviours/capabilities.ts'
import { describeConnection } from './behaviours/connection.ts'
import { describeControl } from './behaviours/control.ts'
import { describeCreateRecovery } from './behaviours/create-recovery.ts'
import { describeCreation } from './behaviours/creation.ts'
import { describeEndpoints } from './behaviours/endpoints.ts'
import { describeFailure } from './behaviours/failure.ts'
import { describeHygiene } from './behaviours/hygiene.ts'
import { describeImports } from './behaviours/imports.ts'
import { describeListing } from './behaviours/listing.ts'
import { describeLostCreates } from './behaviours/lost-creates.ts'
import { describeObservation } from './behaviours/observation.ts'
import { describeTokens } from './behaviours/tokens.ts'
import { describeTolerance } from './behaviours/tolerance.ts'
import { driverOf, type Fixture, useFixture } from './fixture.ts'
import type { ProviderHarness } from './harness.ts'
import { makeSubject } from './subject.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Every statement of `src/providers/driver.ts`, checked on every driver of one variant of a provider, over HTTP against
 * its sandbox. After each test, everything that the drivers returned is searched for secrets.
 */
export function describeProviderConformance(harness: ProviderHarness): void {
  describe(harness.variant, () => {
    const unfilled = unfilledPlaceholders(root, harness.provider.id)
    // Until then every test would fail with a less helpful message.
    if (unfilled.length > 0)
      return it('has no unfilled template places', () => expect.fail(`To be filled in:\n${unfilled.join('\n')}`))
    const fixture = useFixture(harness)
    describeConnection(fixture)
    describeEndpoints(fixture)
    describeTokens(fixture)
    for (const kind of kinds) if (harness.kinds[kind] !== undefined) describeKind(fixture, kind)
  })
}

function describeKind<K extends Kind>(fixture: Fixture, kind: K): void {
  const { provider, variantSettings } = fixture.harness
  const described = driverOf(openInertly(provider, { ...provider.sample.settings, ...variantSettings }), kind)
  const subject = makeSubject(fixture, kind, described)
  describe(kind, () => {
    describeCapabilities(subject)
    describeCreation(subject)
    describeLostCreates(subject)
    describeCreateRecovery(subject)
    describeObservation(subject)
    describeListing(subject)
    describeImports(subject)
    describeControl(subject)
    describeFailure(subject)
    describeHygiene(subject)
    describeTolerance(subject)
  })
}
