// The service worker of this build's workers. They find the build's files without a network; of all their other
// requests it hears nothing, since it listens to none: the load goes out as if it were not there.
const BUILD = new URL("./", location).href;
const PAGE = new URL("../", BUILD).href;
const condition = { requestMethod: "GET", urlPattern: new URLPattern({ pathname: "*", baseURL: BUILD, search: "*" }) };
// sw.js fills this cache.
const source = { cacheName: `fwit ${PAGE} ${BUILD.slice(PAGE.length, -1)}` };

addEventListener("install", (event) => event.waitUntil(event.addRoutes({ condition, source })));
