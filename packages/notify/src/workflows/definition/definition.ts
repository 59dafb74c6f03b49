import type { MessageChannel } from '../../providers/outgoing.ts'
import type { Expression } from '../expression/expression.ts'
import type { Recurring } from './local-time.ts'

/** A workflow as its author means it: read, and right. */
export interface Definition {
  name: string
  description: string
  /** IANA; for recipients whose own is not known. */
  timezone: string
  /** What its messages are for, where a step does not say. */
  messageClass: MessageClassName
  /** What recipients' preferences are asked about. Empty: nothing. */
  category: string
  steps: readonly Step[]
}

export const MESSAGE_CLASSES = ['otp', 'transactional', 'bulk'] as const
export type MessageClassName = (typeof MESSAGE_CLASSES)[number]

/** One thing that a run does. */
export type Step = ChannelStep | DelayStep | DigestStep | ConditionStep | FallbackStep | WebhookStep

interface StepBase {
  /** Unique in the workflow. */
  id: string
  /** Where a run goes on after it: another step's id, or `end`. Undefined: with the step that follows. */
  next?: string
  /** Where it stands in the definition. */
  path: Path
}

export interface ChannelStep extends StepBase, Letter {
  kind: 'channel'
}

/** What is said, over which channel. */
export interface Letter {
  channel: MessageChannel
  /** One of the two is there. Version 0: the newest when it is sent. */
  template?: { name: string; version: number }
  /** In the form that SendNotification takes for the channel, its texts in Liquid. */
  content?: Readonly<Record<string, unknown>>
  messageClass?: MessageClassName
  ttlMs?: number
}

export interface DelayStep extends StepBase {
  kind: 'delay'
  /** A span from when the run comes to it, or a time that the data says, less `beforeMs`. */
  delay: { forMs: number } | { until: Expression; source: string; beforeMs: number }
}

export interface DigestStep extends StepBase {
  kind: 'digest'
  key: Expression
  /** The key as it is written. */
  source: string
  /** How long a window is open from its first item on, or when in the recipient's day or week it closes. */
  closes: { afterMs: number } | Recurring
}

export interface ConditionStep extends StepBase {
  kind: 'condition'
  condition: Expression
  source: string
  whenMet: readonly Step[]
  whenNot: readonly Step[]
}

export interface FallbackStep extends StepBase {
  kind: 'fallback'
  /** Two at least. */
  tries: readonly Try[]
}

/** What has to become of a message so that no other channel is tried. Seen implies delivered, and that sent. */
export const GOALS = ['sent', 'delivered', 'seen'] as const
export type Goal = (typeof GOALS)[number]

/** What a message of unknown outcome means to a fallback. */
export const UNKNOWNS = ['wait', 'next', 'stop'] as const
export type UnknownRule = (typeof UNKNOWNS)[number]

export interface Try extends Letter {
  until: Goal
  /** How long it has for that. Undefined only for the last one: nobody waits for it. */
  withinMs?: number
  unknown: UnknownRule
}

export interface WebhookStep extends StepBase {
  kind: 'webhook'
  /** In Liquid. */
  url: string
  type: string
  /** Its texts in Liquid. */
  data: Readonly<Record<string, unknown>>
}

export type Path = readonly (string | number)[]

/** One thing that is wrong with a definition. */
export interface Problem {
  path: Path
  description: string
}

/** `steps[1].digest.key`; the definition as a whole is `definition`. */
export function pathText(path: Path): string {
  if (path.length === 0) return 'definition'
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')
}
