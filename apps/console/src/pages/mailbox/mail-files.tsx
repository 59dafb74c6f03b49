import type { Mail } from '@mainstay/proto/notify/v1'
import type { MailAttachment } from '@mainstay/proto/notify/v1/attachments'
import { useMutation, useQueries } from '@tanstack/react-query'
import { Paperclip } from 'lucide-react'
import { describeFailure } from '../../api/failure.ts'
import { mainstay, useScope } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { formatBytes } from '../../format/number.ts'

/** Pictures that can only be looked at; others, SVG among them, are for downloading. */
const PICTURES: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
])
const LARGEST_SHOWN_BYTES = 2_000_000

/**
 * The HTML of a mail with the pictures that came with it in the place of `cid:…`; undefined while they load, since a frame whose
 * document is replaced while it is being read flickers, and may keep the first one.
 */
export function useShownFiles(mail: Mail): string | undefined {
  const scope = useScope()
  const shown = mail.attachments.filter(
    ({ contentId, contentType, sizeBytes }) =>
      contentId !== '' && PICTURES.has(contentType) && sizeBytes <= LARGEST_SHOWN_BYTES,
  )
  const files = useQueries({
    queries: shown.map(({ place }) => ({
      queryKey: ['mail-file', mail.mailId, place, ...scope],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        mainstay().notify.getMailAttachment({ mailId: mail.mailId, place }, { signal }),
      staleTime: Number.POSITIVE_INFINITY,
    })),
  })
  if (files.some(({ isPending }) => isPending)) return undefined
  let html = mail.html
  for (const { data: file } of files) {
    if (file !== undefined) html = html.replaceAll(`cid:${file.contentId}`, dataUrl(file))
  }
  return html
}

/** What came with a mail, to download: as bytes without a type, so that no browser opens it as a page of ours. */
export function MailFiles({ mail }: { mail: Mail }) {
  const download = useMutation({
    mutationFn: ({ place }: MailAttachment) =>
      mainstay().notify.getMailAttachment({ mailId: mail.mailId, place }),
    onSuccess: save,
    onError: (error) => void toast.error(describeFailure(error).message),
  })
  if (mail.attachments.length === 0) return null
  return (
    <ul aria-label="Attachments" className="flex flex-wrap gap-2">
      {mail.attachments.map((file) => (
        <li key={file.place} className="max-w-full">
          <Button size="sm" onClick={() => download.mutate(file)} className="max-w-full">
            <Paperclip aria-hidden />
            <span className="truncate">{nameOf(file)}</span>
            <span className="text-ink-3">{formatBytes(file.sizeBytes)}</span>
          </Button>
        </li>
      ))}
    </ul>
  )
}

function nameOf({ fileName, place }: MailAttachment): string {
  return fileName || `attachment-${place}`
}

function save(file: MailAttachment): void {
  const blob = new Blob([new Uint8Array(file.content)], { type: 'application/octet-stream' })
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = nameOf(file)
  link.click()
  URL.revokeObjectURL(link.href)
}

function dataUrl({ contentType, content }: MailAttachment): string {
  let binary = ''
  for (const byte of content) binary += String.fromCharCode(byte)
  return `data:${contentType};base64,${btoa(binary)}`
}
