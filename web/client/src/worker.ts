/**
 * Beside the pages of rooms: what a room needs to open while the server is away. The pages themselves put into the
 * caches what is to be found there, and take it away (offline_page.ts); nothing is kept here.
 */
export {};

interface FetchEvent extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

interface Worker extends EventTarget {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
}

const worker = self as unknown as Worker;

/** A page that has not come by then is not waited for: the room looks by itself whether the server is there. */
const ANSWER_MS = 4_000;
/** What a proxy says of a server that is away, and the server of a database that is. */
const AWAY = [502, 503, 504];

worker.addEventListener("install", () => void worker.skipWaiting());

worker.addEventListener("activate", (event) => {
  (event as Event & { waitUntil(done: Promise<void>): void }).waitUntil(worker.clients.claim());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event as FetchEvent;
  const respond = (response: Promise<Response>): void => {
    (event as FetchEvent).respondWith(response);
  };
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== worker.location.origin) return;
  if (request.mode === "navigate") {
    if (/^\/i\/[^/]+$/.test(pathname)) respond(page(request, pathname));
  } else if (pathname.startsWith("/static/")) respond(asset(request));
});

async function page(request: Request, pathname: string): Promise<Response> {
  const kept = await find(pathname);
  if (kept === undefined) return fetch(request);
  const late = new Promise<Response>((done) => setTimeout(done, ANSWER_MS, kept));
  try {
    const answer = await Promise.race([fetch(request), late]);
    return AWAY.includes(answer.status) ? kept : answer;
  } catch {
    return kept;
  }
}

/** Their names hold their hash: what is kept is what would come. */
async function asset(request: Request): Promise<Response> {
  return (await find(request)) ?? fetch(request);
}

async function find(request: RequestInfo): Promise<Response | undefined> {
  try {
    return await caches.match(request);
  } catch {
    return undefined;
  }
}
