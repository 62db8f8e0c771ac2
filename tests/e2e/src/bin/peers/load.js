// The load that k6 gives: as many users as the page has entities, a read or a write at random, and a pause.
import { sleep } from "k6";
import http from "k6/http";

export const options = {
  vus: Number(__ENV.USERS),
  duration: `${__ENV.SECONDS}s`,
  summaryTrendStats: ["avg", "p(50)", "p(99)"],
};

export default function () {
  const key = `stress-key-${Math.floor(Math.random() * 1000)}`;
  if (Math.random() < 0.5) {
    http.get(`${__ENV.BASE}/db/api/v1/get?key=${key}`, { tags: { name: "get" } });
  } else {
    const body = JSON.stringify({ key, value: "ABCDEFGHIJKLMNOPQR" });
    http.post(`${__ENV.BASE}/db/api/v1/set`, body, { headers: { "Content-Type": "text/plain" }, tags: { name: "set" } });
  }
  sleep((10 + Math.random() * 10) / 1000);
}
