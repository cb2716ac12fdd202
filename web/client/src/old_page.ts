import { h } from "./dom";

let isTold = false;

/** Says once that the server was upgraded since, when a part of this page that is loaded late is not there any more. */
export function watchAge(): void {
  window.addEventListener("vite:preloadError", () => void look());
}

async function look(): Promise<void> {
  try {
    const script = document.querySelector<HTMLScriptElement>("script[type=module]")?.getAttribute("src") ?? "";
    const page = await fetch(window.location.pathname);
    // Without the network nothing is known of the server.
    if (isTold || !page.ok || page.redirected || (await page.text()).includes(script)) return;
  } catch {
    return;
  }
  isTold = true;
  const close = h("button", { type: "button", class: "button" }, "Put away");
  const words = "This page is older than the server; reload when you like (nothing is lost).";
  const notice = h("div", { class: "notice old-page", role: "status" }, h("p", {}, words), h("div", { class: "row" }, close));
  close.addEventListener("click", () => {
    notice.remove();
  });
  (document.querySelector(".notices") ?? document.body).append(notice);
}
