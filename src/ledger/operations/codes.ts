/** Codes that are no kind's: what is wrong with a transaction when all of its operations have run. */
export const GROWTH_CODES = { INSUFFICIENT_BALANCE: 1, FEE_TOO_LOW: 4, TOO_MANY_NEW: 5, BELOW_MINIMUM: 6 } as const;

export type GrowthCode = keyof typeof GROWTH_CODES;
