import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'

/** Asks before what is sent changes. */
export function PublishDialog({
  name,
  version,
  busy,
  error,
  onClose,
  onPublish,
}: {
  name: string
  /** The number it gets. */
  version: number
  busy: boolean
  error: unknown
  onClose: () => void
  onPublish: () => void
}) {
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Publish version ${version} of ${name}?`}
      description="From now on, whoever sends it without naming a version sends this one. Messages under way keep theirs. A version never changes."
    >
      {error != null && (
        <DialogBody>
          <FailureNote error={error} />
        </DialogBody>
      )}
      <DialogButtons>
        <Button onClick={onClose}>Keep writing</Button>
        <Button kind="primary" busy={busy} onClick={onPublish}>
          Publish version {version}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
