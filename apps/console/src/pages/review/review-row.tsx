import type { Message } from '@mainstay/proto/notify/v1'
import { Check } from 'lucide-react'
import { Checkbox as RadixCheckbox } from 'radix-ui'
import { Link } from 'react-router'
import { cx } from '../../class-names.ts'
import { Button } from '../../components/button/button.tsx'
import { Skeleton } from '../../components/skeleton/skeleton.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { ChannelMark } from '../../notify/channel-mark.tsx'
import { type Decision, decisions } from '../../notify/decisions.ts'

const shortVerbs: Record<string, string> = { 1: 'Sent', 2: 'Not sent', 3: 'Send again' }

/** The ledger's sentence without its beginning, which is the same for all that wait here. */
function answerOf({ statusDetail }: Message): string {
  const rest = statusDetail.replace(/^It may or may not have been sent: /, '')
  return rest.charAt(0).toUpperCase() + rest.slice(1)
}

/** One message that waits for a decision: what is known of it, and the three ways out. */
export function ReviewRow({
  message,
  provider,
  isCurrent,
  isSelected,
  isBusy,
  onFocus,
  onSelect,
  onDecide,
}: {
  message: Message
  /** The name of the account; undefined while it loads. */
  provider: string | undefined
  isCurrent: boolean
  isSelected: boolean
  isBusy: boolean
  onFocus: () => void
  onSelect: () => void
  onDecide: (decision: Decision) => void
}) {
  return (
    <li
      data-review-row={message.messageId}
      onFocus={onFocus}
      className={cx('flex gap-3 border-line px-4 py-3 not-first:border-t', isCurrent && 'bg-selected')}
    >
      <RadixCheckbox.Root
        aria-label={`Select the message to ${message.to}`}
        checked={isSelected}
        onCheckedChange={onSelect}
        className="relative mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-sm border border-edge bg-canvas after:absolute after:-inset-1.5 data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      >
        <RadixCheckbox.Indicator>
          <Check className="size-3 text-on-accent" strokeWidth={3} aria-hidden />
        </RadixCheckbox.Indicator>
      </RadixCheckbox.Root>
      <div className="flex min-w-0 flex-1 flex-wrap items-start gap-x-6 gap-y-2">
        <div className="min-w-0 flex-1 basis-72">
          <p className="flex items-baseline gap-3 text-sm">
            <Link
              data-review-link
              to={`/messages/${message.messageId}`}
              className="min-w-0 truncate font-medium underline-offset-2 hover:underline"
            >
              {message.to}
            </Link>
            <span className="min-w-0 flex-1 truncate text-ink-2">{message.subject}</span>
          </p>
          <p className="mt-0.5 text-sm [overflow-wrap:anywhere]">{answerOf(message)}</p>
          <p className="mt-1 flex flex-wrap items-center gap-x-4 text-xs text-ink-3">
            <ChannelMark channel={message.channel} />
            {provider === undefined ? <Skeleton className="w-20" /> : <span>{provider}</span>}
            <span>
              answer lost <RelativeTime time={message.updateTime} />
            </span>
            <span>
              accepted <RelativeTime time={message.createTime} />
            </span>
          </p>
        </div>
        <div className="flex flex-wrap gap-1.5">
          {decisions.map((decision) => (
            <Button
              key={decision.key}
              size="sm"
              disabled={isBusy}
              onClick={() => onDecide(decision)}
              aria-label={`${decision.verb}: the message to ${message.to}`}
              aria-keyshortcuts={decision.key}
            >
              {shortVerbs[decision.key]}
              <kbd aria-hidden className="tabular text-2xs text-ink-3 max-md:hidden">
                {decision.key}
              </kbd>
            </Button>
          ))}
        </div>
      </div>
    </li>
  )
}
