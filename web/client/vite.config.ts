import { defineConfig, type Plugin } from "vite";

// One entry a page. The server finds the hashed names in the manifest, build/.vite/manifest.json.
const pages = [
  "signin",
  "navigation",
  "invitation",
  "dashboard",
  "members",
  "keys",
  "audit",
  "organisation",
  "profile",
  "room",
  "finished",
  "replay",
  "plain",
];
// Beside the pages: its address is the same for ever, the server gives it at /service-worker.js.
const WORKER = "worker";

// The package marks as pure the calls that define its keys and commands, so that a bundler leaves them out.
const wholeEmacs: Plugin = {
  name: "whole-emacs",
  transform: (code, id) =>
    id.includes("/codemirror-emacs/") ? code.replaceAll("/*@__PURE__*/EmacsHandler", "EmacsHandler") : undefined,
};

export default defineConfig({
  plugins: [wholeEmacs],
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
    rolldownOptions: {
      input: [...pages, WORKER].map((entry) => `src/${entry}.ts`),
      output: { entryFileNames: ({ name }) => (name === WORKER ? "[name].js" : "assets/[name]-[hash].js") },
    },
  },
});
