import { type RefObject, useLayoutEffect, useState } from 'react'

/** Whether an element has less room than `px`: on a phone, or beside an open panel. */
export function useNarrow(ref: RefObject<HTMLElement | null>, px: number): boolean {
  const [narrow, setNarrow] = useState(false)
  useLayoutEffect(() => {
    const node = ref.current
    if (!node) return
    const measure = () => setNarrow(node.clientWidth < px)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(node)
    return () => observer.disconnect()
  }, [ref, px])
  return narrow
}
