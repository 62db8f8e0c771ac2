// What was dropped, with the files of its folders. The entries must be taken while the drop is handled; the files are
// read from them later. A file is [path, File].

export function entriesOf(transfer) {
  const items = Array.from(transfer.items ?? []).filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  return entries.length > 0 ? entries.filter((entry) => entry) : Array.from(transfer.files ?? []);
}

export async function filesOf(entries, most) {
  const found = [];
  const take = async (entry, path) => {
    // What systems and version control keep beside the files.
    if (found.length >= most || entry.name.startsWith(".")) return;
    if (entry instanceof File) {
      found.push([entry.name, entry]);
    } else if (entry.isFile) {
      const file = await new Promise((done) => entry.file(done, () => done(null)));
      if (file) found.push([path + file.name, file]);
    } else if (entry.isDirectory) {
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((done) => reader.readEntries(done, () => done([])));
        if (some.length === 0) break;
        for (const one of some) await take(one, path + entry.name + "/");
      }
    }
  };
  for (const entry of entries) await take(entry, "");
  return found;
}
