// The bare loop that the engine's times are held against: it fetches, and notes how long each request took.
// Times are the wire's (request start to last byte) or, without timing headers, the page's clock (issue to last
// byte); what is issued and answered within the window counts, as in the engine.
onmessage = async ({ data: { bases, concurrency, think_ms, think_jitter_ms, warmup_ms, measured_ms, wire } }) => {
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const started = performance.now();
  const times = [];
  let requests = 0;
  let from = Infinity;
  let to = Infinity;
  let over = false;
  const note = (issued, ended, took) => {
    if (issued >= from && ended <= to) times.push(took);
  };
  const read = (entries) => {
    for (const entry of entries) {
      if (entry.requestStart > 0) note(entry.startTime, entry.responseEnd, entry.responseEnd - entry.requestStart);
    }
    // The browser's own list holds 250 entries.
    performance.clearResourceTimings();
  };
  const observer = new PerformanceObserver((list) => read(list.getEntries()));
  if (wire) observer.observe({ entryTypes: ["resource"] });
  const one = async (base) => {
    while (!over) {
      const issued = performance.now();
      const key = Math.floor(Math.random() * 1000);
      requests += 1;
      const response = await fetch(`${base}/db/api/v1/get?key=stress-key-${key}`, {
        cache: "no-store",
        credentials: "omit",
        referrerPolicy: "no-referrer",
      });
      await response.arrayBuffer();
      const ended = performance.now();
      if (!wire) note(issued, ended, ended - issued);
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
  postMessage({ times, requests, warmup_ms: from - started, measured_ms: to - from });
};
