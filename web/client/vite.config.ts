import { defineConfig } from "vite";

// One entry a page. The server finds the hashed names in the manifest, build/.vite/manifest.json.
const pages = ["signin", "dashboard", "room", "replay", "plain"];

export default defineConfig({
  base: "/static/build/",
  publicDir: false,
  build: {
    outDir: "../static/build",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    // Nothing inlined: the pages' Content-Security-Policy allows no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
    rolldownOptions: { input: pages.map((page) => `src/${page}.ts`) },
  },
});
