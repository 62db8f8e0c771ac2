// A host that answers “…/@AT@” with the page, and does not send the browser to “…/@AT@/”: only below
// that are the page's files found. This script is found from both.
if (location.pathname.endsWith("/@AT@")) {
  location.replace(`${location.pathname}/${location.search}${location.hash}`);
}
