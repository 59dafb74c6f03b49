import { Channel } from '@mainstay/proto/notify/v1'
import { MainstayError } from '@mainstay/sdk'
import { Dialog as Sheet } from 'radix-ui'
import { lazy, Suspense, useEffect, useMemo, useState } from 'react'
import { Navigate, Outlet, useLocation, useNavigate, useSearchParams } from 'react-router'
import { cx } from '../class-names.ts'
import { FailureState } from '../components/failure/failure-state.tsx'
import { useHotkeys } from '../components/hotkeys/use-hotkeys.ts'
import { Loading, Skeleton } from '../components/skeleton/skeleton.tsx'
import { createRemembered } from '../remembered/remembered.ts'
import { useCompact } from '../screen/use-compact.ts'
import { useModeInAddress } from '../session/mode.ts'
import { useCaller, useProjects, useSettledProject } from '../session/session.ts'
import { destinations } from './destinations.ts'
import { FrameActionsContext } from './frame-actions.ts'
import { Navigation } from './navigation.tsx'
import { TopBar } from './top-bar.tsx'

const CommandPalette = lazy(() =>
  import('./command-palette.tsx').then((module) => ({ default: module.CommandPalette })),
)
const ShortcutsDialog = lazy(() =>
  import('./shortcuts-dialog.tsx').then((module) => ({ default: module.ShortcutsDialog })),
)
const SendTestDialog = lazy(() =>
  import('../sending/send-test-dialog.tsx').then((module) => ({ default: module.SendTestDialog })),
)

const collapsedNavigation = createRemembered(
  'navigation-collapsed',
  false,
  (value): value is boolean => typeof value === 'boolean',
)

/** Around every page: navigation, top bar, palette. Lets in whoever is signed in and sends the others to sign in. */
export function AppFrame() {
  const location = useLocation()
  const [search] = useSearchParams()
  const compact = useCompact()
  const collapsed = collapsedNavigation.use()
  const [sheet, setSheet] = useState(false)
  const [overlay, setOverlay] = useState<'palette' | 'shortcuts' | { sendTest: Channel }>()
  const caller = useCaller()
  const projects = useProjects()
  const project = useSettledProject(projects.data, search.get('project'))
  const modeName = useModeInAddress()
  const actions = useMemo(
    () => ({
      openPalette: () => setOverlay('palette'),
      openSendTest: (channel = Channel.EMAIL) => setOverlay({ sendTest: channel }),
      openShortcuts: () => setOverlay('shortcuts'),
    }),
    [],
  )
  useFrameHotkeys(actions.openPalette, actions.openShortcuts)

  if (caller.error instanceof MainstayError && caller.error.code === 'unauthenticated') {
    return <Navigate to="/sign-in" replace state={{ next: location.pathname + location.search }} />
  }
  const failure = caller.error ?? projects.error
  const closeOverlay = () => setOverlay(undefined)

  return (
    <FrameActionsContext.Provider value={actions}>
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-raised px-3 py-2 focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <div className="relative flex h-dvh overflow-hidden">
        <div
          aria-hidden
          className={cx(
            'pointer-events-none fixed inset-x-0 top-0 z-35 h-[3px]',
            modeName === 'test' ? 'bg-test-stripes' : 'bg-ok-dot',
          )}
        />
        {!compact && (
          <div className={`shrink-0 border-r border-line bg-chrome ${collapsed ? 'w-[52px]' : 'w-[232px]'}`}>
            <Navigation collapsed={collapsed} onToggle={() => collapsedNavigation.set(!collapsed)} />
          </div>
        )}
        <div className="flex min-w-0 flex-1 flex-col">
          <TopBar projects={projects.data} onMenu={compact ? () => setSheet(true) : undefined} />
          <main id="main" tabIndex={-1} className="min-h-0 flex-1 focus:outline-none">
            {failure ? (
              <FailureState
                error={failure}
                onRetry={() => void (caller.error ? caller.refetch() : projects.refetch())}
              />
            ) : project ? (
              <Outlet key={project} />
            ) : (
              <PageSkeleton />
            )}
          </main>
        </div>
      </div>
      <Sheet.Root open={sheet} onOpenChange={setSheet}>
        <Sheet.Portal>
          <Sheet.Overlay className="fixed inset-0 z-40 bg-scrim animate-appear" />
          <Sheet.Content
            aria-describedby={undefined}
            className="fixed inset-y-0 left-0 z-40 w-[264px] border-r border-line bg-chrome animate-slide-from-left focus:outline-none"
          >
            <Sheet.Title className="sr-only">Navigation</Sheet.Title>
            <Navigation collapsed={false} onNavigate={() => setSheet(false)} />
          </Sheet.Content>
        </Sheet.Portal>
      </Sheet.Root>
      <Suspense>
        {overlay === 'palette' && <CommandPalette projects={projects.data ?? []} onClose={closeOverlay} />}
        {overlay === 'shortcuts' && <ShortcutsDialog onClose={closeOverlay} />}
        {typeof overlay === 'object' && <SendTestDialog channel={overlay.sendTest} onClose={closeOverlay} />}
      </Suspense>
    </FrameActionsContext.Provider>
  )
}

/** Stands for any page while it is not known which project to ask about. */
function PageSkeleton() {
  return (
    <div className="flex flex-col gap-5 px-4 py-6 md:px-6">
      <Loading what="console" />
      <Skeleton className="h-5 w-32" />
      <Skeleton className="h-20 w-full" />
      <Skeleton className="h-64 w-full" />
    </div>
  )
}

function useFrameHotkeys(openPalette: () => void, openShortcuts: () => void): void {
  const navigate = useNavigate()
  useHotkeys({
    '?': openShortcuts,
    '[': () => collapsedNavigation.set(!collapsedNavigation.get()),
    ...Object.fromEntries(destinations.map(({ key, path }) => [`g ${key}`, () => void navigate(path)])),
  })
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return
      event.preventDefault()
      openPalette()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [openPalette])
}
