// Reads the body of an answer that does not end, or ends late, piece by piece.
export class BodyStream {
  // `told(kind, text)` is called with 0 once it is open, 1 with each piece, 2 with why it broke, 3
  // when the answer is complete, with what its header says of the stream's position.
  constructor(url, post, headers, body, lastEventId, positionHeader, told) {
    this.told = told;
    this.controller = new AbortController();
    this.read(url, post, headers, body, lastEventId, positionHeader);
  }

  async read(url, post, given, body, lastEventId, positionHeader) {
    try {
      const headers = new Headers(given);
      if (lastEventId) headers.set("Last-Event-ID", lastEventId);
      const response = await fetch(url, {
        method: post ? "POST" : "GET",
        headers,
        body,
        signal: this.controller.signal,
        cache: "no-store",
        // The key goes to the plan's own nodes only.
        redirect: "error",
        credentials: "omit",
        referrerPolicy: "no-referrer",
      });
      // 304: there is nothing new.
      if (!response.ok && !(positionHeader !== undefined && response.status === 304)) {
        this.told(2, `HTTP ${response.status}`);
        this.controller.abort();
        return;
      }
      this.told(0, "");
      const decoder = new TextDecoder();
      for (const reader = response.body?.getReader(); reader; ) {
        const { done, value } = await reader.read();
        if (done) break;
        this.told(1, decoder.decode(value, { stream: true }));
      }
      // The position only now: what breaks off before is asked for again.
      this.told(3, (positionHeader && response.headers.get(positionHeader)) || "");
    } catch (error) {
      this.told(2, error?.message ?? "");
    }
  }

  // What comes later has nobody to tell.
  close() {
    this.told = () => {};
    this.controller.abort();
  }
}
