import { Pause, Play } from 'lucide-react'
import { Button } from '../../components/button/button.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { formatCompact } from '../../format/number.ts'
import type { Connection } from '../../live/feed.ts'

/** Says whether the list follows what happens (not “live”, which is a mode), and holds it still: while paused the button counts what waits. */
export function LiveControl({
  connection,
  paused,
  waiting,
  onPause,
  onResume,
}: {
  connection: Connection
  paused: boolean
  waiting: number
  onPause: () => void
  onResume: () => void
}) {
  return (
    <div className="flex items-center gap-3">
      <span className="text-xs text-ink-2" role="status">
        {paused ? (
          <StateMark tone="warn">Paused</StateMark>
        ) : connection === 'live' ? (
          <StateMark tone="ok">Following</StateMark>
        ) : (
          <StateMark tone={connection === 'broken' ? 'bad' : 'quiet'} moving>
            {connection === 'broken' ? 'Reconnecting' : 'Connecting'}
          </StateMark>
        )}
      </span>
      <Button onClick={paused ? onResume : onPause} aria-keyshortcuts="Space" title="Space">
        {paused ? <Play aria-hidden /> : <Pause aria-hidden />}
        {paused ? 'Resume' : 'Pause'}
        {paused && waiting > 0 && ' '}
        {paused && waiting > 0 && (
          <span className="tabular rounded-sm bg-accent-soft px-1 text-xs text-accent">
            {formatCompact(waiting)} waiting
          </span>
        )}
      </Button>
    </div>
  )
}
