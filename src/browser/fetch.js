// A whole request in one call from wasm, and its end in one call back: promises, closures and strings that
// cross the border one by one cost a tenth of what a page can send. Used by exchange.rs only.
const METHODS = ["GET", "POST", "PUT", "DELETE"];

export class Sender {
  // `done(place, turn, status, bytes, extra)`; status 0 is no answer, `extra` is undefined for a plain one.
  constructor(done) {
    this.done = done;
    // One a place, used again until it aborted something.
    this.controllers = [];
  }

  async send(place, turn, url, method, headers, body, textFrom) {
    const { signal } = (this.controllers[place] ??= new AbortController());
    let status = 0;
    let bytes = 0;
    let extra;
    // The browser notes the stack that a fetch comes from: from here on it is one frame, not the whole engine.
    await undefined;
    try {
      const response = await fetch(url, {
        method: METHODS[method],
        headers,
        body,
        signal,
        cache: "no-store",
        credentials: "omit",
        // The nodes need not know the page, and a header less is sent.
        referrerPolicy: "no-referrer",
      });
      // Read to the last byte, and decoded only where somebody looks at it.
      if (response.status >= textFrom) {
        extra = { text: await response.text() };
      } else {
        bytes = (await response.arrayBuffer()).byteLength;
      }
      status = response.status;
      if (response.redirected) {
        extra = { ...extra, url: response.url, servedBy: response.headers.get("X-Served-By") ?? undefined };
      }
      if (status === 429 || status === 503) {
        extra = { ...extra, retryAfter: response.headers.get("Retry-After") ?? undefined };
      }
    } catch (error) {
      extra = { text: error?.message };
    }
    this.done(place, turn, status, bytes, extra);
  }

  abort(place) {
    this.controllers[place]?.abort();
    this.controllers[place] = undefined;
  }
}
