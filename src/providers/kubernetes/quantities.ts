const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
}

/**
 * A quantity as a number; null if invalid.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
function amountOf(quantity: string | undefined): number | null {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(m|[kMGTP]|[KMGTP]i)?$/.exec(quantity ?? '') ?? []
  if (digits === undefined) return null
  return unit === 'm' ? Number(digits) / 1000 : Number(digits) * (units[unit] ?? Number.NaN)
}

/** Whole CPUs, of `3920m` three. */
export function wholeCpus(quantity: string | undefined): number | null {
  const amount = amountOf(quantity)
  return amount === null ? null : Math.floor(amount)
}

export function memoryMiB(quantity: string | undefined): number | null {
  const amount = amountOf(quantity)
  return amount === null ? null : Math.floor(amount / 2 ** 20)
}
