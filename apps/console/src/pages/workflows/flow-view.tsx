import { Clock, CornerDownRight, GitBranch, Layers, type LucideIcon, Route, Webhook } from 'lucide-react'
import { cx } from '../../class-names.ts'
import { channelNamed, channels } from '../../notify/channels.ts'
import { type FlowStep, flowSteps } from './flow-steps.ts'

/** A definition as a person reads it: from top to bottom on one rail, like the timeline that its runs will have. */
export function FlowView({ definition }: { definition: Record<string, unknown> | undefined }) {
  const steps = flowSteps(definition)
  return (
    <ol aria-label="Steps" className="px-4 py-4">
      {steps.map((step, index) => (
        <li key={step.key} className="flex items-stretch">
          {Array.from({ length: step.depth }, (_, depth) => (
            <Guide
              // biome-ignore lint/suspicious/noArrayIndexKey: a guide is its depth
              key={depth}
              goesOn={goesOn(steps, index, depth)}
              leadsIn={depth === step.depth - 1}
            />
          ))}
          {step.kind === 'branch' ? (
            <Branch step={step} />
          ) : (
            <Row step={step} isFirst={index === 0} goesOn={goesOn(steps, index, step.depth)} />
          )}
        </li>
      ))}
    </ol>
  )
}

/** Whether the rail of a depth goes on below a row: something of that depth follows before it is left. */
function goesOn(steps: readonly FlowStep[], index: number, depth: number): boolean {
  return steps.slice(index + 1).find((step) => step.depth <= depth)?.depth === depth
}

/** The rail of what a row stands in, beside it; the innermost one leads to the row's own mark. */
function Guide({ goesOn: isLong, leadsIn }: { goesOn: boolean; leadsIn: boolean }) {
  return (
    <span aria-hidden className="relative w-7 shrink-0">
      {(isLong || leadsIn) && (
        <span className={cx('absolute top-0 left-[12.5px] w-px bg-line-strong', isLong ? 'h-full' : 'h-4')} />
      )}
      {leadsIn && <span className="absolute top-4 left-[13px] h-px w-[15px] bg-line-strong" />}
    </span>
  )
}

function Branch({ step }: { step: FlowStep }) {
  return (
    <>
      <span aria-hidden className="flex w-[26px] shrink-0 justify-center">
        <span className="w-px bg-line-strong" />
      </span>
      <span className="pt-0.5 pb-2 pl-3 text-xs font-medium text-accent">{step.title}</span>
    </>
  )
}

function Row({ step, isFirst, goesOn: isLong }: { step: FlowStep; isFirst: boolean; goesOn: boolean }) {
  const Icon = iconOf(step)
  const parts = step.kind === 'condition' || step.kind === 'fallback'
  return (
    <>
      <span aria-hidden className="flex w-[26px] shrink-0 flex-col items-center">
        <span className={cx('h-[3px] w-px', !isFirst && step.depth === 0 && 'bg-line-strong')} />
        <span
          className={cx(
            'flex size-[26px] shrink-0 items-center justify-center rounded-full border bg-canvas',
            parts ? 'border-accent text-accent' : 'border-line-strong text-ink-2',
          )}
        >
          <Icon className="size-[13px]" />
        </span>
        {(isLong || parts) && <span className="w-px flex-1 bg-line-strong" />}
      </span>
      <div className="min-w-0 flex-1 pt-1.5 pb-5 pl-3">
        <p className="flex min-w-0 flex-wrap items-baseline gap-x-2">
          <span
            className={cx('min-w-0 text-sm [overflow-wrap:anywhere]', step.kind !== 'try' && 'font-medium')}
          >
            {step.title}
          </span>
          {step.id !== '' && <code className="tabular text-xs text-ink-3">{step.id}</code>}
        </p>
        {step.detail !== '' && (
          <p className="mt-0.5 text-xs text-ink-2 [overflow-wrap:anywhere]">{step.detail}</p>
        )}
        {step.next !== '' && (
          <p className="mt-1 flex items-center gap-1 text-xs text-ink-2">
            <CornerDownRight aria-hidden className="size-3.5 text-ink-3" />
            {step.next === 'end' ? (
              'then the run ends'
            ) : (
              <>
                then on to <code className="tabular">{step.next}</code>
              </>
            )}
          </p>
        )}
      </div>
    </>
  )
}

function iconOf({ kind, channel }: FlowStep): LucideIcon {
  const icons: Partial<Record<FlowStep['kind'], LucideIcon>> = {
    delay: Clock,
    digest: Layers,
    condition: GitBranch,
    fallback: Route,
    webhook: Webhook,
  }
  return icons[kind] ?? channels.get(channelNamed(channel.toUpperCase()))?.icon ?? Route
}
