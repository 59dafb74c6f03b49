// Runs before the first paint, so that a remembered theme never flashes; the bundle comes too late for that.
;(() => {
  let theme = 'system'
  try {
    theme = JSON.parse(localStorage.getItem('mainstay.theme') ?? '"system"')
  } catch {
    // Storage is blocked or holds something else: follow the system.
  }
  const dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
})()
