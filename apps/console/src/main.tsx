import './styles/index.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { RouterProvider } from 'react-router/dom'
import { queryClient } from './api/query-client.ts'
import { Toasts } from './components/toast/toast.tsx'
import { TooltipProvider } from './components/tooltip/tooltip.tsx'
import { preloadPages } from './pages/pages.ts'
import { router } from './routes.tsx'
import { useShownTheme, useThemeOnDocument } from './theme/theme.ts'

function Console() {
  useThemeOnDocument()
  return (
    <QueryClientProvider client={queryClient}>
      <TooltipProvider delayDuration={500}>
        <RouterProvider router={router} />
        <Toasts theme={useShownTheme()} position="bottom-right" gap={8} offset={16} />
      </TooltipProvider>
    </QueryClientProvider>
  )
}

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no element with the id "root"')
createRoot(root).render(
  <StrictMode>
    <Console />
  </StrictMode>,
)

window.addEventListener('load', () => setTimeout(() => void preloadPages(), 1_500), { once: true })
