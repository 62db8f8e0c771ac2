// Reads the body of an answer that does not end, piece by piece.
export class BodyStream {
  // `told(kind, text)` is called with 0 once it is open, 1 with each piece, 2 with why it ended.
  constructor(url, post, headers, body, told) {
    this.told = told;
    this.controller = new AbortController();
    this.read(url, post, headers, body);
  }

  async read(url, post, headers, body) {
    try {
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
      if (!response.ok) {
        this.told(2, `HTTP ${response.status}`);
        this.controller.abort();
        return;
      }
      this.told(0, "");
      const decoder = new TextDecoder();
      for (const reader = response.body.getReader(); ; ) {
        const { done, value } = await reader.read();
        if (done) break;
        this.told(1, decoder.decode(value, { stream: true }));
      }
      this.told(2, "");
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
