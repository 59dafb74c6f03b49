import { createBrowserRouter } from 'react-router'
import { AppFrame } from './frame/app-frame.tsx'
import { CrashPage } from './pages/crash-page.tsx'
import { pages } from './pages/pages.ts'

/** Every address of the console. A page's module exports `Component`. */
export const router = createBrowserRouter([
  {
    path: '/sign-in',
    lazy: pages.signIn,
    errorElement: <CrashPage />,
    hydrateFallbackElement: <div />,
  },
  {
    path: '/',
    element: <AppFrame />,
    errorElement: <CrashPage />,
    // The first page's code loads behind the frame's own first paint; there is nothing better to show until then.
    hydrateFallbackElement: <div />,
    children: [
      {
        errorElement: <CrashPage />,
        children: [
          { index: true, lazy: pages.home },
          {
            path: 'messages',
            lazy: pages.messages,
            children: [{ path: ':messageId', lazy: pages.message }],
          },
          {
            path: 'mailbox',
            lazy: pages.mailbox,
            children: [{ path: ':mailId', lazy: pages.mail }],
          },
          { path: 'phone', lazy: pages.phone },
          { path: 'review', lazy: pages.review },
          { path: 'suppressions', lazy: pages.suppressions },
          { path: 'campaigns', lazy: pages.campaigns },
          { path: 'campaigns/new', lazy: pages.campaign },
          { path: 'campaigns/:campaignId', lazy: pages.campaign },
          { path: 'preferences', lazy: pages.preferences },
          { path: 'schedules', lazy: pages.schedules },
          { path: 'templates', lazy: pages.templates },
          { path: 'templates/new', lazy: pages.template },
          { path: 'templates/:name', lazy: pages.template },
          { path: 'workflows', lazy: pages.workflows },
          { path: 'workflows/new', lazy: pages.workflow },
          { path: 'workflows/:name', lazy: pages.workflow },
          {
            path: 'runs',
            lazy: pages.runs,
            children: [{ path: ':runId', lazy: pages.run }],
          },
          {
            path: 'providers',
            lazy: pages.providers,
            children: [
              { path: 'new', lazy: pages.provider },
              { path: ':providerAccountId', lazy: pages.provider },
            ],
          },
          { path: 'routing', lazy: pages.routing },
          {
            path: 'accounts',
            lazy: pages.accounts,
            children: [{ path: ':accountId', lazy: pages.account }],
          },
          { path: 'apps', lazy: pages.apps },
          {
            path: 'recipients',
            lazy: pages.recipients,
            children: [{ path: ':recipientId', lazy: pages.recipient }],
          },
          { path: 'topics', lazy: pages.topics },
          { path: 'segments', lazy: pages.segments },
          { path: 'segments/new', lazy: pages.segment },
          { path: 'segments/:segment', lazy: pages.segment },
          { path: 'api-keys', lazy: pages.apiKeys },
          {
            path: 'settings',
            lazy: pages.settings,
            children: [
              { index: true, lazy: pages.system },
              { path: 'configuration', lazy: pages.configuration },
              { path: 'dead-letters', lazy: pages.deadLetters },
              { path: 'changes', lazy: pages.changes },
              { path: 'tracking', lazy: pages.tracking },
              { path: 'appearance', lazy: pages.appearance },
            ],
          },
          { path: '*', lazy: pages.notFound },
        ],
      },
    ],
  },
])
