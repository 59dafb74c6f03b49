import type { RenderTemplateResponse } from '@mainstay/proto/notify/v1'
import { Channel } from '@mainstay/proto/notify/v1'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { mainstay, useScope } from '../../api/mainstay.ts'
import { PreviewPane } from '../templates/preview-pane.tsx'
import type { CampaignFields } from './campaign-fields.ts'

/** What people will see: a template with what it is given, or the content itself. */
export function ContentPreview({ fields, channel }: { fields: CampaignFields; channel: Channel }) {
  const [project] = useScope()
  const { kind, template } = fields
  const isTemplate = kind === 'template'
  const rendered = useQuery({
    queryKey: ['campaign-preview', project, template],
    queryFn: ({ signal }) =>
      mainstay().notify.renderTemplate(
        { source: { case: 'stored', value: { name: template } }, data: {} },
        { signal },
      ),
    enabled: isTemplate && template !== '',
    placeholderData: keepPreviousData,
    retry: false,
  })
  if (isTemplate) {
    return <PreviewPane preview={rendered.data} error={rendered.error} isBusy={rendered.isFetching} />
  }
  const preview = {
    channel,
    locale: '',
    problems: [],
    warnings: [],
    parts: {
      subject: fields.subject || 'No subject yet',
      text: fields.text,
      html: kind === 'email' ? fields.html : '',
      title: channel === Channel.PUSH ? fields.subject : '',
      body: channel === Channel.PUSH ? fields.text : '',
      actionUrl: '',
      whatsappTemplate: '',
      whatsappParameters: [] as string[],
    },
  } as unknown as RenderTemplateResponse
  return <PreviewPane preview={preview} error={undefined} isBusy={false} />
}
