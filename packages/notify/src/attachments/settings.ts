/** Settings of files that travel with emails; spread into notify's one table. */
export const attachmentSettings = {
  attachmentMaxBytes: {
    env: 'NOTIFY_ATTACHMENT_MAX_BYTES',
    type: 'bytes',
    default: 10 * 1024 * 1024,
    min: 1024,
    max: 25 * 1024 * 1024,
    doc: 'The largest file that an email may carry. Recipients’ servers often refuse mail above 25 MB in all.',
  },
  attachmentsMaxBytes: {
    env: 'NOTIFY_ATTACHMENTS_MAX_BYTES',
    type: 'bytes',
    default: 25 * 1024 * 1024,
    min: 1024,
    max: 26 * 1024 * 1024,
    doc: 'How much the files of one email may weigh together.',
  },
} as const
