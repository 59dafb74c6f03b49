import type { Virtualizer } from '@tanstack/react-virtual'
import { type RefObject, useEffect, useRef } from 'react'
import { useHotkeys } from '../hotkeys/use-hotkeys.ts'

/**
 * `j` and `k` (and the arrows, once a row has focus) walk the rows. While a row is open beside the table they open its
 * neighbour; otherwise they move focus, and Enter follows the row's own link.
 */
export function useRowKeys({
  scroller,
  virtualizer,
  count,
  openIndex,
  onOpen,
  onClose,
}: {
  scroller: RefObject<HTMLDivElement | null>
  virtualizer: Virtualizer<HTMLDivElement, HTMLElement>
  count: number
  /** The row that is open beside the table; -1 when none is. */
  openIndex: number
  onOpen: (index: number) => void
  onClose: (() => void) | undefined
}): void {
  const wanted = useRef(-1)

  useEffect(() => {
    // A row far away exists only after the scroll has rendered it; focus it then.
    if (wanted.current < 0) return
    const link = rowLink(scroller.current, wanted.current)
    if (!link) return
    wanted.current = -1
    link.focus({ preventScroll: true })
  })

  function focusRow(index: number): void {
    virtualizer.scrollToIndex(index)
    const link = rowLink(scroller.current, index)
    if (link) link.focus({ preventScroll: true })
    else wanted.current = index
  }

  function move(step: number): void {
    if (count === 0) return
    // Keys come faster than rows are drawn: a row still on its way counts as focused.
    const focused = wanted.current >= 0 ? wanted.current : focusedIndex(scroller.current)
    const from = openIndex >= 0 ? openIndex : focused
    const to = from < 0 ? firstVisible(virtualizer) : Math.min(count - 1, Math.max(0, from + step))
    if (openIndex >= 0) {
      virtualizer.scrollToIndex(to)
      if (to !== openIndex) onOpen(to)
    } else focusRow(to)
  }

  function arrow(step: number, event: KeyboardEvent): void {
    if (focusedIndex(scroller.current) >= 0) move(step)
    else if (event.target === scroller.current) scroller.current?.scrollBy({ top: step * 64 })
  }

  useHotkeys({
    j: () => move(1),
    k: () => move(-1),
    ...(openIndex >= 0 && onClose
      ? {
          escape: () => {
            onClose()
            focusRow(openIndex)
          },
        }
      : {}),
  })

  useEffect(() => {
    const node = scroller.current
    if (!node) return
    function onKeyDown(event: KeyboardEvent): void {
      if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
      if (event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      arrow(event.key === 'ArrowDown' ? 1 : -1, event)
    }
    node.addEventListener('keydown', onKeyDown)
    return () => node.removeEventListener('keydown', onKeyDown)
  })
}

function rowLink(scroller: HTMLElement | null, index: number): HTMLElement | null {
  return scroller?.querySelector<HTMLElement>(`[data-row="${index}"] a[data-row-link]`) ?? null
}

function focusedIndex(scroller: HTMLElement | null): number {
  const row = document.activeElement?.closest('[data-row]')
  return row && scroller?.contains(row) ? Number(row.getAttribute('data-row')) : -1
}

function firstVisible(virtualizer: Virtualizer<HTMLDivElement, HTMLElement>): number {
  return virtualizer.range?.startIndex ?? 0
}
