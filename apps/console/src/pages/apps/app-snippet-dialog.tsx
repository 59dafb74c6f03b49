import type { Client } from '@mainstay/proto/identity/v1/clients'
import { Button } from '../../components/button/button.tsx'
import { Copyable } from '../../components/copy/copy-button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { Snippet } from '../../components/snippet/snippet.tsx'
import { signInSnippets } from './app-snippets.ts'

/** Code that signs somebody in to an app, ready to run. */
export function AppSnippetDialog({ app, onClose }: { app: Client; onClose: () => void }) {
  return (
    <Dialog
      open
      wide
      onOpenChange={onClose}
      title={`Sign in to ${app.displayName}`}
      description={
        app.test
          ? 'The code goes to the sandbox phone: nothing is sent to anybody.'
          : 'The code goes to a real phone. Put your own number in.'
      }
    >
      <DialogBody>
        <p className="mb-3 flex items-center gap-2 text-sm">
          <span className="text-ink-3">Client id</span>
          <Copyable text={app.clientId} what="client id" />
        </p>
        <Snippet label="Sign in" tabs={signInSnippets(window.location.origin, app.clientId)} />
      </DialogBody>
      <DialogButtons>
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
