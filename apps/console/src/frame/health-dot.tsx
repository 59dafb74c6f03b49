import { useNavigate } from 'react-router'
import { cx } from '../class-names.ts'
import { dotTone, type Tone } from '../components/state-mark/state-mark.tsx'
import { Tooltip } from '../components/tooltip/tooltip.tsx'
import { useSystem } from '../system/system.ts'

/** Whether everything the program needs is up; leads to the checks. */
export function HealthDot() {
  const navigate = useNavigate()
  const { tone, word, detail } = useHealth()
  return (
    <Tooltip text={detail}>
      <button
        type="button"
        onClick={() => void navigate('/settings')}
        className="flex h-8 items-center gap-2 rounded-md px-2 text-xs text-ink-2 hover:bg-hover hover:text-ink"
      >
        <span
          aria-hidden
          className={cx('size-2 rounded-full', dotTone[tone], tone === 'bad' && 'animate-breathe')}
        />
        <span className="max-md:sr-only">{word}</span>
      </button>
    </Tooltip>
  )
}

function useHealth(): { tone: Tone; word: string; detail: string } {
  const { data, isError, isPending } = useSystem()
  if (isPending) return { tone: 'quiet', word: 'Checking', detail: 'Asking the server how it is.' }
  if (isError)
    return { tone: 'bad', word: 'Unreachable', detail: 'The server does not answer. Is it running?' }
  const failing = (data?.checks ?? []).filter((check) => !check.ok)
  if (failing.length === 0)
    return { tone: 'ok', word: 'Healthy', detail: 'Everything the server needs is up.' }
  return {
    tone: 'bad',
    word: failing.length === 1 ? `${failing[0]?.name} down` : `${failing.length} checks failing`,
    detail: failing.map((check) => `${check.name}: ${check.message}`).join('; '),
  }
}
