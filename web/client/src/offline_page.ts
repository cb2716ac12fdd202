const nameOf = (interview: string) => `panelroom.room.${interview}`;

let keeping: Promise<void> | null = null;

/**
 * Keeps the room's page and what it is built of, for a reload while the server is away. Resolves to nothing where the
 * browser has no service workers, as on plain http: a reload needs the server then.
 */
export function keepPage(interview: string): Promise<void> {
  return (keeping ??= keep(interview));
}

async function keep(interview: string): Promise<void> {
  try {
    await navigator.serviceWorker.register("/service-worker.js", { scope: "/i/" });
    const page = await fetch(window.location.pathname);
    const script = document.querySelector<HTMLScriptElement>("script[type=module]")?.getAttribute("src") ?? "";
    // After an upgrade of the server it is a page of other assets: the next load keeps it.
    if (!page.ok || page.redirected || script === "" || !(await page.clone().text()).includes(script)) return;
    const loaded = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
    const assets = new Set([script, ...loaded.filter((path) => path.startsWith("/static/"))]);
    const cache = await caches.open(nameOf(interview));
    await cache.addAll(assets);
    await cache.put(window.location.pathname, page);
    for (const { url } of await cache.keys()) {
      const { pathname } = new URL(url);
      if (pathname !== window.location.pathname && !assets.has(pathname)) await cache.delete(pathname);
    }
  } catch {
    return;
  }
}

export async function dropPage(interview: string): Promise<void> {
  await keeping;
  try {
    await caches.delete(nameOf(interview));
  } catch {
    return;
  }
}
