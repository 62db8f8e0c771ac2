// The bare loop that the engine's times are held against: it fetches, and notes how long each request took.
// Times are the wire's (request start to last byte) or, without timing headers, the page's clock (issue to last
// byte); what is issued within the window counts, whenever it is answered, as in the engine. With times from the wire it also notes
// the browser's part (issue to request start) and the page's (last byte to the code after `await`).
onmessage = async ({ data: { bases, concurrency, think_ms, think_jitter_ms, warmup_ms, measured_ms, wire, body, post_share } }) => {
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const started = performance.now();
  const times = [];
  const parts = { browser: [], page: [] };
  const open = new Map();
  let requests = 0;
  let from = Infinity;
  let to = Infinity;
  let over = false;
  const note = (issued, took) => {
    if (issued >= from && issued <= to) times.push(took);
  };
  const read = (entries) => {
    for (const entry of entries) {
      if (!(entry.requestStart > 0)) continue;
      note(entry.startTime, entry.responseEnd - entry.requestStart);
      open.set(entry.name, { ...open.get(entry.name), start: entry.requestStart, end: entry.responseEnd });
    }
    // The browser's own list holds 250 entries.
    performance.clearResourceTimings();
  };
  const observer = new PerformanceObserver((list) => read(list.getEntries()));
  if (wire) observer.observe({ entryTypes: ["resource"] });
  const one = async (base) => {
    while (!over) {
      const issued = performance.now();
      requests += 1;
      const post = Math.random() < post_share;
      const url = `${base}/db/api/v1/${post ? "set" : "get"}?key=stress-key-${requests}`;
      const response = await fetch(url, {
        ...(post ? { method: "POST", body } : { cache: "no-store" }),
        credentials: "omit",
        referrerPolicy: "no-referrer",
      });
      await response.arrayBuffer();
      const ended = performance.now();
      if (wire) open.set(url, { ...open.get(url), issued, ended });
      else note(issued, ended - issued);
      if (think_ms > 0) await sleep(think_ms + Math.random() * think_jitter_ms);
    }
  };
  const all = Array.from({ length: concurrency }, (_, n) => one(bases[n % bases.length]));
  await sleep(warmup_ms);
  from = performance.now();
  await sleep(measured_ms);
  to = performance.now();
  over = true;
  await Promise.all(all);
  read(observer.takeRecords());
  observer.disconnect();
  for (const { issued, start, end, ended } of open.values()) {
    if (issued >= from && issued <= to && start > 0) {
      parts.browser.push(start - issued);
      parts.page.push(ended - end);
    }
  }
  postMessage({ times, ...parts, requests, warmup_ms: from - started, measured_ms: to - from });
};
