// The hand-written load that fwit is held against: it only fetches, and counts.
onmessage = async ({ data: { bases, concurrency, warmup_ms, measured_ms, post_share } }) => {
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  // As the engine counts: what is issued and answered within the window.
  let answers = 0;
  let from = Infinity;
  let over = false;
  const one = async (base) => {
    while (!over) {
      const issued = performance.now();
      const key = Math.floor(Math.random() * 1000);
      const post = Math.random() < post_share;
      const url = `${base}/db/api/v1/${post ? "set" : `get?key=stress-key-${key}`}`;
      const body = `{"key":"stress-key-${key}","value":"ABCDEFGHIJKLMNOPQR"}`;
      const own = post ? { method: "POST", body } : { cache: "no-store" };
      const response = await fetch(url, { ...own, credentials: "omit" });
      await response.arrayBuffer();
      if (issued >= from && !over) answers += 1;
    }
  };
  const all = Array.from({ length: concurrency }, (_, n) => one(bases[n % bases.length]));
  await sleep(warmup_ms);
  from = performance.now();
  await sleep(measured_ms);
  over = true;
  const rate = answers / ((performance.now() - from) / 1000);
  await Promise.all(all);
  postMessage(rate);
};
