// Lay the browser code that npm brought where the web process serves it from, each file also compressed.
//
// Run by `make assets` after `npm ci`, which takes only what package-lock.json names by digest. Nothing is changed,
// bundled or transpiled on the way: a file that is served is a file of its package.

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const HERE = new URL("./node_modules/", import.meta.url);
const THERE = new URL("../nexsock/web/static/vendor/", import.meta.url);
const FILES = { "htmx.js": "htmx.org/dist/htmx.min.js" };

rmSync(THERE, { recursive: true, force: true });
mkdirSync(THERE, { recursive: true });
for (const [name, source] of Object.entries(FILES)) {
  const served = new URL(name, THERE);
  copyFileSync(new URL(source, HERE), served);
  const content = readFileSync(served);
  writeFileSync(`${served.pathname}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  writeFileSync(`${served.pathname}.gz`, gzipSync(content, { level: 9 }));
}
