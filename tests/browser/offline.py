"""A page without its server, and what it keeps in the browser."""

from tests.browser.person import Person, wait

KEPT_ROWS = """(await (async () => {
    const opened = indexedDB.open('panelroom')
    await new Promise((done) => { opened.onsuccess = done })
    const { result } = opened
    const count = (name) => new Promise((done) => {
        const asked = result.transaction(name).objectStore(name).count()
        asked.onsuccess = () => done(asked.result)
    })
    const rows = [await count('updates'), await count('unsaved')]
    result.close()
    return rows.join()
})())"""
KEPT_PAGE = "navigator.serviceWorker.controller && (await caches.match(location.pathname)) !== undefined"


async def until_kept(person: Person) -> None:
    """Until a reload does not need the server."""
    await wait(person.page, KEPT_PAGE)


async def warns(person: Person) -> bool:
    """Whether the browser would ask before the page goes."""
    leave = "!window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    return bool(await person.page.evaluate(leave))


async def go_offline(person: Person) -> None:
    await until_kept(person)
    await person.context.set_offline(True)
    await person.until("room.state().connection === 'offline'")


async def come_back(person: Person) -> None:
    await person.context.set_offline(False)
    await person.until_saved()
