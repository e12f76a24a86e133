/** Word or phrase that published text no longer uses, and its replacement. */
export interface RetiredWord {
  pattern: RegExp
  instead: string
}

const retire = (pattern: RegExp, instead: string): RetiredWord => ({ pattern, instead })

/**
 * Former vocabulary. Tests check the OpenAPI document, the problem catalog, error messages and the documentation
 * against it. A pattern matches only the retired sense: add context if the word alone is plain English.
 */
export const retiredWords: readonly RetiredWord[] = [
  retire(/\b(the|a|an|its|their|our|this|with|no) marks?\b/i, 'correlation tag'),
  retire(/\bwish(es)?\b/i, 'requested action, desired state'),
  retire(/\b(a|each|every|one|this) turn\b/i, 'reconcile pass'),
  retire(/\bwalk(s|ed|ing)?\b/i, 'scan'),
  retire(/\b(a|the|each|every|one|two|complete) looks?\b/i, 'poll, read'),
  retire(/\bsightings?\b/i, 'observation'),
  retire(/\babsorb(s|ed)?\b/i, 'apply'),
  retire(/\bupkeep\b/i, 'poller'),
  retire(/\btempo\b/i, 'backoff, poll intervals'),
  retire(/\blanes?\b/i, 'batcher'),
  retire(/\brefusals?\b/i, 'API error'),
  retire(/\b(the|a|each|every|own|of) rooms?\b/i, 'module'),
  retire(/\barrows?\b/i, 'dependency'),
  retire(/\bverbs?\b/i, 'action'),
  retire(/\bcalled off\b/i, 'canceled before dispatch'),
  retire(/\b(told|said)\b/i, 'reported'),
  retire(
    /\b(it|that|which|who|this|what|provider|server|service|hub|receiver|request|route|nobody) answers\b/i,
    'returns, responds',
  ),
  retire(/\banswers? (with )?`?[1-5]\d\d\b/i, 'returns'),
  retire(/\b(is|are|was|were|be) answered\b/i, 'returned, completed'),
  retire(/\bstands? (in|where|beside|after|there|as|at)\b/i, 'is in'),
  retire(/\bmakes (one|none|no|it)\b/i, 'creates'),
  retire(/\b(somebody|someone|whoever|nobody|anybody|whom)\b/i, 'a caller, another worker, no one'),
  retire(/\banew\b/i, 'again'),
  retire(/\bany more\b/i, 'no longer'),
  retire(/\bof (its|their|your|our) own\b/i, 'separate'),
  retire(/\bat once\b(?! per)/i, 'immediately'),
  retire(/\b(go|goes|went) on\b/i, 'continue'),
  retire(/\b(is|are|be|was) away\b/i, 'unavailable'),
  retire(/\bblam(e|es|ed|ing)\b/i, 'reject'),
  retire(/\bways? in(to)?\b/i, 'access'),
  retire(/\bhonou?r(s|ed|ing)?\b/i, 'support'),
  retire(/\bby itself\b/i, 'automatically'),
  retire(/\bin short\b/i, 'summary'),
  retire(/\bfor good\b/i, 'permanently'),
  retire(/\bsilence (about|proves)\b/i, 'absence is conclusive'),
  retire(/\b(forget|forgets|forgot|forgotten)\b/i, 'delete, expire'),
  retire(/\bopens nothing\b/i, 'expired, revoked'),
  retire(/\b(no|not a) byte\b/i, 'nothing is sent'),
  retire(/\b(is|are|was|were|be|been) given up\b/i, 'failed permanently'),
  retire(/\bbecomes? of\b/i, 'result'),
  retire(/\b(send|post) (less|it so|it faster)\b/i, 'name the limit'),
  retire(/\bread it again\b/i, 're-read the resource'),
  retire(
    /\b(no such thing|is nobody|is not good|a time to come|is no (event|time|scope|token|name|id)\b)/i,
    'not found, invalid',
  ),
  retire(/\b(own|its|provider's|their) words?\b/i, 'provider message, raw value'),
  retire(/\bthe truth\b(?! is)/i, 'source of truth'),
  retire(/\bof what\b/i, 'object'),
  retire(/\b(takes|took) no\b/i, 'does not accept'),
  retire(/\bpiece by piece\b/i, 'individually'),
]

/** Retired words in a text, each with its replacement; empty = none. */
export function retiredWordsIn(text: string): string[] {
  return retiredWords.flatMap(({ pattern, instead }) => {
    const [found] = pattern.exec(text) ?? []
    return found === undefined ? [] : [`${JSON.stringify(found)}: ${instead}`]
  })
}
