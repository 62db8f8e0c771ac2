
// Use without a network, where the browser takes a service worker's routes (Chromium from version 123). One keeps the
// page; another one, for this build's workers alone, hears of no request: no load goes through either. Where they are
// refused (no storage, say) the page goes on without them.
const chromium = navigator.userAgentData?.brands.find(({ brand }) => brand === "Chromium");
if (Number(chromium?.version) >= 123 && navigator.serviceWorker) {
  const build = new URL("./", import.meta.url).href;
  const page = new URL("../", build).href;
  const keep = async () => {
    await navigator.serviceWorker.register(`${page}sw.js`);
    await navigator.serviceWorker.register(`${build}workers.js`);
    // Those of earlier builds go when nothing of theirs is kept any more.
    for (const other of await navigator.serviceWorker.getRegistrations()) {
      const name = other.scope.slice(page.length, -1);
      if (!other.scope.startsWith(`${page}fwit-`) || other.scope === build) continue;
      if (!(await caches.has(`fwit ${page} ${name}`))) await other.unregister();
    }
  };
  keep().catch(() => {});
}
