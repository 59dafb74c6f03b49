export const contenders = ['mainstay', 'rate-limiter-flexible'] as const

export interface LimitsAsk {
  contender: (typeof contenders)[number]
  durationMs: number
}

export interface LimitsTold {
  decisionsPerSecond: number
}
