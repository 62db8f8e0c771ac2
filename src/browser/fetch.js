// Sends a whole request in one call from wasm, and brings its answer in one call back. To hand
// promises, closures and strings over one by one would cost a tenth of the requests that a page can
// send.
const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"];

// A body longer than this is given up. The engine names the same number.
const BODY_MAX = 16 * 1024 * 1024;
// A body that is announced as no longer than this is read in one go: it can't unfold to more than
// BODY_MAX, because gzip makes at most 1,032 bytes of one.
const SHORT = 16 * 1024;

// Reads a body to its last byte. Returns its length and, where it is wanted, its text; nothing of
// one that is too long.
async function read(response, wantsText) {
  const announced = response.headers.get("Content-Length");
  if (!response.body || (announced !== null && Number(announced) <= SHORT)) {
    if (!wantsText) return { bytes: (await response.arrayBuffer()).byteLength };
    return { bytes: 0, text: await response.text() };
  }
  const reader = response.body.getReader();
  const decoder = wantsText ? new TextDecoder() : undefined;
  let bytes = 0;
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
    if (bytes > BODY_MAX) {
      // The rest is not waited for.
      reader.cancel().catch(() => {});
      return { bytes, tooLong: true };
    }
    if (decoder) text += decoder.decode(value, { stream: true });
  }
  return decoder ? { bytes, text: text + decoder.decode() } : { bytes };
}

export class Sender {
  // `done(slot, generation, status, bytes, extra)` is called with each answer. Status 0 means that
  // there was none; `extra` is undefined for a plain answer. Nodes may name the leader in the header
  // `hintHeader`.
  constructor(done, hintHeader) {
    this.done = done;
    this.hintHeader = hintHeader;
    // One for each slot; it is used again until it aborts something.
    this.controllers = [];
  }

  async send(slot, generation, url, method, headers, body, textFrom, follow, keeps) {
    const { signal } = (this.controllers[slot] ??= new AbortController());
    let status = 0;
    let bytes = 0;
    let extra;
    // The browser records the stack of a fetch: after this line it is one frame, not the engine's.
    await undefined;
    try {
      const response = await fetch(url, {
        method: METHODS[method],
        headers,
        body,
        signal,
        // Identical GETs wait for each other in the default mode (the cache's lock); in all other
        // modes the browser asks for leave (CORS preflight) each time.
        cache: keeps ? "default" : "no-store",
        redirect: follow ? "follow" : "manual",
        credentials: "omit",
        // One header less to send; the nodes need not know the page.
        referrerPolicy: "no-referrer",
      });
      if (response.type === "opaqueredirect") {
        // The browser tells no more of a redirect that it does not follow.
        this.done(slot, generation, 0, 0, { redirect: true });
        return;
      }
      // Always read to the last byte, but decoded only when the text is wanted.
      const wantsText = response.status >= textFrom;
      const content = await read(response, wantsText);
      bytes = content.bytes;
      if (wantsText) {
        const maxAge = response.headers.get("Access-Control-Max-Age") ?? undefined;
        extra = { text: content.text, maxAge };
      }
      if (content.tooLong) extra = { ...extra, tooLong: true };
      status = response.status;
      if (response.redirected) {
        const servedBy = response.headers.get("X-Served-By") ?? undefined;
        extra = { ...extra, url: response.url, servedBy };
      }
      // Where fwit-gateway names the leader to which a node redirects.
      const leader = status >= 400 ? response.headers.get("Fwit-Leader") : null;
      if (leader !== null) extra = { ...extra, leader };
      if (this.hintHeader) {
        extra = { ...extra, hint: response.headers.get(this.hintHeader) ?? undefined };
      }
      if (status === 429 || status === 503) {
        extra = { ...extra, retryAfter: response.headers.get("Retry-After") ?? undefined };
      }
    } catch (error) {
      extra = { text: error?.message };
    }
    this.done(slot, generation, status, bytes, extra);
  }

  // Requests that end later have nobody to tell.
  close() {
    this.done = () => {};
  }

  abort(slot) {
    this.controllers[slot]?.abort();
    this.controllers[slot] = undefined;
  }
}
