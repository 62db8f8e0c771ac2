// What fails says which file it was.
const named = (url, promise) => promise.catch((error) => { throw new Error(`${url}: ${error?.message ?? error}`); });
const fetched = (url) => named(url, fetch(url).then((answer) => {
  if (!answer.ok) throw new Error(`the host answered ${answer.status}`);
  return answer;
}));
// A browser tells of a stream that failed, but not why.
let why;
// The program as its bytes arrive: the browser compiles what is there while the rest is on its way.
const unpacking = ({ memory, room, unpack, unpacked, ended }) => ({
  transform(part, out) {
    // Only then its memory: making room may replace it.
    const at = room(part.length);
    new Uint8Array(memory.buffer, at, part.length).set(part);
    const length = unpack();
    if (length < 0) throw new Error("it is broken");
    if (length > 0) out.enqueue(new Uint8Array(memory.buffer, unpacked(), length).slice());
  },
  flush() {
    if (!ended()) throw new Error("it ends too early");
  },
});
const told = (url, step) => (...given) => {
  try {
    step(...given);
  } catch (error) {
    throw why = new Error(`${url}: ${error.message}`);
  }
};
const started = async (glue, packed, unpacker) => {
  const [bindings, { body }, { instance }] = await Promise.all([
    import(glue),
    fetched(packed),
    // Small, and compiled whatever type the host gives it.
    fetched(unpacker).then((answer) => named(unpacker, answer.arrayBuffer().then((bytes) => WebAssembly.instantiate(bytes)))),
  ]);
  const { transform, flush } = unpacking(instance.exports);
  const program = new TransformStream({ transform: told(packed, transform), flush: told(packed, flush) });
  const answer = new Response(body.pipeThrough(program), { headers: { "Content-Type": "application/wasm" } });
  return [bindings, await bindings.default({ module_or_path: answer })];
};
const failed = (error) => {
  // The program may have come so far as to say itself what is wrong.
  if (!document.querySelector(".panic")) {
    const said = document.createElement("p");
    said.className = "panic";
    said.setAttribute("role", "alert");
    said.textContent = `fwit could not be loaded. ${(why ?? error)?.message ?? error}. Reload the page; if that does not help, perhaps not all its files are of one build.`;
    document.body.append(said);
  }
  throw why ?? error;
};
