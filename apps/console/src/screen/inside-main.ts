/**
 * Where menus and tooltips are put: inside the page's main part, since what lies outside every landmark is hard to find
 * for screen readers. Before the frame is there, the body.
 */
export function insideMain(): HTMLElement | null {
  return document.getElementById('main')
}
