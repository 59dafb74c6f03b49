/** A step as the flow shows it: a line on the rail. */
export interface FlowStep {
  /** Unique in the flow. */
  key: string
  /** The step's own id; empty for the channels of a fallback, which belong to theirs. */
  id: string
  kind: 'channel' | 'delay' | 'digest' | 'condition' | 'fallback' | 'try' | 'webhook' | 'branch'
  /** The channel that it sends by, as the definition names it. */
  channel: string
  title: string
  detail: string
  /** How far it is indented: branches and the channels of a fallback stand one further in. */
  depth: number
  /** Where the run goes on, when that is not the step that follows. */
  next: string
}

type Json = Record<string, unknown>

const CHANNELS: Readonly<Record<string, string>> = {
  email: 'an email',
  sms: 'a text message',
  whatsapp: 'a WhatsApp message',
  push: 'a push notification',
  chat: 'a chat post',
  inbox: 'an inbox item',
}

/** Those that are written in another way than they are named. */
const SHORT: Readonly<Record<string, string>> = { sms: 'SMS', whatsapp: 'WhatsApp' }

/** The steps of a definition from top to bottom, as they read. What is not understood is shown as little as possible. */
export function flowSteps(definition: Json | undefined): FlowStep[] {
  return stepsOf(definition?.steps, 0)
}

function stepsOf(steps: unknown, depth: number): FlowStep[] {
  return list(steps).flatMap((step) => stepOf(step, depth))
}

function stepOf(step: Json, depth: number): FlowStep[] {
  const base = {
    key: text(step.id),
    id: text(step.id),
    channel: '',
    detail: '',
    depth,
    next: text(step.next),
  }
  if (step.fallback !== undefined) return fallback(step, base)
  if (step.condition !== undefined) return condition(step, base)
  if (step.delay !== undefined) return [{ ...base, kind: 'delay', title: delayTitle(step.delay) }]
  if (step.digest !== undefined) return [{ ...base, kind: 'digest', ...digestWords(record(step.digest)) }]
  if (step.webhook !== undefined) {
    const { url, type } = record(step.webhook)
    return [
      {
        ...base,
        kind: 'webhook',
        channel: 'webhook',
        title: `Call a webhook: ${text(type)}`,
        detail: text(url),
      },
    ]
  }
  const channel = text(step.channel)
  return [
    { ...base, kind: 'channel', channel, title: `Send ${CHANNELS[channel] ?? channel}`, detail: says(step) },
  ]
}

type Base = Omit<FlowStep, 'kind' | 'title'>

function fallback(step: Json, base: Base): FlowStep[] {
  const tries = list(step.fallback)
  const channels = tries.map((one) => text(one.channel))
  return [
    {
      ...base,
      kind: 'fallback',
      title: `Reach by ${channels.map((one) => SHORT[one] ?? one).join(', then ')}`,
    },
    ...tries.map((one, index): FlowStep => {
      const { within, until = 'delivered' } = one
      const goal = within === undefined ? 'the last resort' : `${text(within)} to be ${text(until)}`
      return {
        ...base,
        key: `${base.key}/${index}`,
        id: '',
        next: '',
        kind: 'try',
        channel: channels[index] ?? '',
        depth: base.depth + 1,
        title: `${index === 0 ? 'Try' : 'Else try'} ${CHANNELS[channels[index] ?? ''] ?? 'a channel'}: ${goal}`,
        detail: says(one),
      }
    }),
  ]
}

function condition(step: Json, base: Base): FlowStep[] {
  const branch = (name: 'then' | 'else', title: string): FlowStep[] =>
    step[name] === undefined
      ? []
      : [
          { ...base, key: `${base.key}/${name}`, id: '', next: '', kind: 'branch', title, depth: base.depth },
          ...stepsOf(step[name], base.depth + 1),
        ]
  return [
    { ...base, kind: 'condition', title: `If ${text(step.condition)}` },
    ...branch('then', 'Then'),
    ...branch('else', 'Otherwise'),
  ]
}

function delayTitle(delay: unknown): string {
  if (typeof delay === 'string') return `Wait ${delay}`
  const { for: span, until, before } = record(delay)
  if (span !== undefined) return `Wait ${text(span)}`
  return before === undefined
    ? `Wait until ${text(until)}`
    : `Wait until ${text(before)} before ${text(until)}`
}

function digestWords({ key, window, every, on, at }: Json): Pick<FlowStep, 'title' | 'detail'> {
  const when =
    window === undefined
      ? every === 'week'
        ? `until ${text(on)} at ${text(at)}, local time`
        : `until ${text(at)}, local time`
      : `for ${text(window)}`
  return { title: `Gather ${when}`, detail: `What has the same ${text(key)} is told together` }
}

/** What a step says, in one line. */
function says({ template, content }: Json): string {
  if (typeof template === 'string') return `Template ${template}`
  const { name, version } = record(template)
  if (name !== undefined) return `Template ${text(name)}, version ${text(version) || 'the newest'}`
  const { subject, title, text: words, body } = record(content)
  return text(subject) || text(title) || text(words) || text(body)
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(record) : []
}

function record(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
