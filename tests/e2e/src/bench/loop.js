// The hand-written load that fwit is held against: it only fetches, and counts.
onmessage = async ({ data: { bases, concurrency, warmup_ms, measured_ms } }) => {
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  let answers = 0;
  let over = false;
  const one = async (base) => {
    while (!over) {
      const key = Math.floor(Math.random() * 1000);
      const response = await fetch(`${base}/db/api/v1/get?key=stress-key-${key}`, {
        cache: "no-store",
        credentials: "omit",
      });
      await response.arrayBuffer();
      answers += 1;
    }
  };
  const all = Array.from({ length: concurrency }, (_, n) => one(bases[n % bases.length]));
  await sleep(warmup_ms);
  const [from, before] = [performance.now(), answers];
  await sleep(measured_ms);
  const rate = (answers - before) / ((performance.now() - from) / 1000);
  over = true;
  await Promise.all(all);
  postMessage(rate);
};
