import { createBrowserRouter } from 'react-router'
import { AppFrame } from './frame/app-frame.tsx'
import { CrashPage } from './pages/crash-page.tsx'

/** Every address of the console. Each page is its own chunk and exports `Component`. */
export const router = createBrowserRouter([
  {
    path: '/sign-in',
    lazy: () => import('./pages/sign-in/sign-in-page.tsx'),
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
          { index: true, lazy: () => import('./pages/home/home-page.tsx') },
          {
            path: 'messages',
            lazy: () => import('./pages/messages/messages-page.tsx'),
            children: [{ path: ':messageId', lazy: () => import('./pages/messages/message-panel.tsx') }],
          },
          {
            path: 'mailbox',
            lazy: () => import('./pages/mailbox/mailbox-page.tsx'),
            children: [{ path: ':mailId', lazy: () => import('./pages/mailbox/mail-reader.tsx') }],
          },
          { path: 'templates', lazy: () => import('./pages/templates/templates-page.tsx') },
          { path: 'templates/new', lazy: () => import('./pages/templates/template-page.tsx') },
          { path: 'templates/:name', lazy: () => import('./pages/templates/template-page.tsx') },
          {
            path: 'providers',
            lazy: () => import('./pages/providers/providers-page.tsx'),
            children: [
              { path: 'new', lazy: () => import('./pages/providers/provider-panel.tsx') },
              { path: ':providerAccountId', lazy: () => import('./pages/providers/provider-panel.tsx') },
            ],
          },
          { path: 'api-keys', lazy: () => import('./pages/api-keys/api-keys-page.tsx') },
          {
            path: 'settings',
            lazy: () => import('./pages/settings/settings-page.tsx'),
            children: [
              { index: true, lazy: () => import('./pages/settings/system-tab.tsx') },
              { path: 'configuration', lazy: () => import('./pages/settings/configuration-tab.tsx') },
              { path: 'dead-letters', lazy: () => import('./pages/settings/dead-letters-tab.tsx') },
              { path: 'changes', lazy: () => import('./pages/settings/changes-tab.tsx') },
              { path: 'appearance', lazy: () => import('./pages/settings/appearance-tab.tsx') },
            ],
          },
          { path: '*', lazy: () => import('./pages/not-found/not-found-page.tsx') },
        ],
      },
    ],
  },
])
