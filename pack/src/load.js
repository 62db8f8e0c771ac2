const fetched = async (url) => {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}`);
  return answer;
};
// A browser tells of a stream that failed, but not why.
let why;
const broken = (text) => { throw why = new Error(text); };
// The program as its bytes arrive: the browser compiles what is there while the rest is on its way.
const program = async (packed, unpacker) => {
  const [{ body }, { instance }] = await Promise.all([
    fetched(packed),
    // Small, and compiled whatever type the host gives it.
    fetched(unpacker).then((answer) => answer.arrayBuffer()).then((bytes) => WebAssembly.instantiate(bytes)),
  ]);
  const { memory, room, unpack, unpacked, ended } = instance.exports;
  const unpacking = new TransformStream({
    transform(part, out) {
      // Only then its memory: making room may replace it.
      const at = room(part.length);
      new Uint8Array(memory.buffer, at, part.length).set(part);
      const length = unpack();
      if (length < 0) broken(`${packed} is broken`);
      if (length > 0) out.enqueue(new Uint8Array(memory.buffer, unpacked(), length).slice());
    },
    flush() {
      if (!ended()) broken(`${packed} ends too early`);
    },
  });
  return new Response(body.pipeThrough(unpacking), { headers: { "Content-Type": "application/wasm" } });
};
const failed = (error) => {
  const said = document.createElement("p");
  said.setAttribute("role", "alert");
  said.textContent = `fwit could not be loaded: ${(why ?? error).message}. Reload the page; if that does not help, the host does not have all files of one build.`;
  document.body.append(said);
  throw why ?? error;
};
