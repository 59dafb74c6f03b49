/** A page of some company's app, as a bundler's user writes it; bundled by apps/server/test/sdk-react.test.ts. */
import { Inbox, InboxProvider, useUnreadCount } from '@mainstay/sdk-react'
import { createElement } from 'react'
import { createRoot } from 'react-dom/client'

const { baseUrl, theme } = window.settings
const token = () => fetch('/inbox-token').then((answer) => answer.text())

function Title() {
  return createElement('h1', null, `My app (${useUnreadCount()})`)
}

createRoot(document.getElementById('root')).render(
  createElement(
    InboxProvider,
    { baseUrl, token, pageSize: 10 },
    createElement(
      'header',
      null,
      createElement(Title),
      createElement(Inbox, { theme, align: 'start', onItemClick: (item) => window.opened.push(item.title) }),
    ),
  ),
)
