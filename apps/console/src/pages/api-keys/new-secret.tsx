import { Button } from '../../components/button/button.tsx'
import { CopyButton } from '../../components/copy/copy-button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { Snippet } from '../../components/snippet/snippet.tsx'
import { sendSnippets } from '../../sending/send-snippets.ts'

/** A new key's secret: this once, with a copy button and what to do with it. Only its own button closes it. */
export function NewSecret({ name, secret, onClose }: { name: string; secret: string; onClose: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={onClose}
      wide
      mustChoose
      title={`${name} is ready`}
      description="Copy the key now and keep it where your secrets are. It is stored as a hash and never shown again."
    >
      <DialogBody>
        <div className="flex items-center gap-2 rounded-md border border-line-strong bg-sunken py-1.5 pr-1.5 pl-3">
          <output aria-label="The new key" className="min-w-0 flex-1 tabular text-xs break-all select-all">
            {secret}
          </output>
          <CopyButton text={secret} label="Copy key" kind="primary" />
        </div>
        <p className="mt-5 mb-2 text-sm font-medium">Try it</p>
        <Snippet
          label="Send a message with the new key"
          tabs={sendSnippets(window.location.origin, secret)}
        />
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>I have copied it</Button>
      </DialogButtons>
    </Dialog>
  )
}
