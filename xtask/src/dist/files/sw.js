// The page without a network: its build comes from the cache, what changes from the network first. Of all else, the
// routes tell the browser not to ask. The workers, which send the load, have workers.js in this one's place.
const BUILD = "@BUILD@";
// They never change.
const FILES = @FILES@;
const SLASH = "@AT@/slash.js";
// They do: from the network, and from the cache where there is none.
const PAGES = ["./", "docs/statistics.md"];
const LIST = "runs/index.json";

const FOLDER = new URL("./", location).href;
// Other pages of this host, perhaps of fwit too, have caches of their own.
const OURS = `fwit ${FOLDER} `;
const CACHE = OURS + BUILD;

const route = (pathname, source, condition) => ({
  condition: { ...condition, requestMethod: "GET", urlPattern: new URLPattern({ pathname, baseURL: FOLDER, search: "*" }) },
  source,
});

const install = async (event) => {
  await event.addRoutes([
    route(`${BUILD}/*`, { cacheName: CACHE }),
    route(SLASH, { cacheName: CACHE }),
    ...[...PAGES, "index.html"].map((path) => route(path, "fetch-event", { requestMode: "navigate" })),
    route(LIST, "fetch-event"),
    { condition: { urlPattern: new URLPattern({}) }, source: "network" },
  ]);
  const cache = await caches.open(CACHE);
  await cache.addAll([...FILES.map((file) => `${BUILD}/${file}`), SLASH]);
  const fresh = [...PAGES, LIST].map((path) => new Request(path, { cache: "no-cache", redirect: "error" }));
  await cache.addAll(fresh);
  const index = await (await cache.match("./")).text();
  if (!index.includes(BUILD)) throw new Error("index.html is of another build");
};

addEventListener("install", (event) => event.waitUntil(install(event)));

// When no tab has the build before any more. Until then it may still ask for its files.
addEventListener("activate", (event) => {
  const drop = async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
  };
  event.waitUntil(drop());
});

const changing = new Set([...PAGES, LIST].map((path) => new URL(path, FOLDER).href));

addEventListener("fetch", (event) => {
  const address = event.request.url.split(/[?#]/)[0].replace(/\/index\.html$/, "/");
  if (!changing.has(address)) return;
  const kept = async (error) => {
    const answer = await caches.match(address, { cacheName: CACHE });
    if (!answer) throw error;
    return answer;
  };
  event.respondWith(fetch(event.request).catch(kept));
});
