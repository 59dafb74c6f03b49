import { Dialog, DialogBody } from '../components/dialog/dialog.tsx'
import { commandKey, Keys } from '../components/tooltip/keys.tsx'
import { destinations } from './destinations.ts'

const everywhere: [keys: string, what: string][] = [
  [`${commandKey} K`, 'Search or jump to'],
  ['[', 'Collapse or expand the navigation'],
  ['?', 'Show these shortcuts'],
]

const inReview: [keys: string, what: string][] = [
  ['1', 'It was sent'],
  ['2', 'It was not sent'],
  ['3', 'Send it again'],
  ['x', 'Select the message'],
]

const inTables: [keys: string, what: string][] = [
  ['j', 'Next row'],
  ['k', 'Previous row'],
  ['Enter', 'Open the row'],
  ['Esc', 'Close what is open'],
  ['Space', 'Pause or resume live updates'],
]

/** Every shortcut there is. */
export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog open onOpenChange={onClose} title="Keyboard shortcuts">
      <DialogBody>
        <div className="grid gap-x-8 gap-y-5 sm:grid-cols-2">
          <Group title="Everywhere" rows={everywhere} />
          <Group title="In tables" rows={inTables} />
          <Group title="In the review queue" rows={inReview} />
          <Group title="Go to" rows={destinations.map(({ key, title }) => [`g ${key}`, title])} />
        </div>
      </DialogBody>
    </Dialog>
  )
}

function Group({ title, rows }: { title: string; rows: [keys: string, what: string][] }) {
  return (
    <section aria-label={title}>
      <h3 className="mb-1 text-xs text-ink-3">{title}</h3>
      <dl>
        {rows.map(([keys, what]) => (
          <div key={keys} className="flex min-h-7 items-center justify-between gap-3 text-sm">
            <dt>{what}</dt>
            <dd>
              <Keys keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
