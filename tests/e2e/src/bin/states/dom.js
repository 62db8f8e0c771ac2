// Tools for the program `states`, put into the page after it has loaded: acts as a user does, and writes the
// page's DOM as text that is the same from run to run.
window.states = (() => {
  /** Attributes of frameworks, and those whose live property is written instead. */
  const DROPPED = /^(data-hk|data-leptos.*|_.*|value|checked|selected)$/;
  /** Attributes that hold ids of other elements. */
  const REFERENCES = ["for", "list", "form", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns"];
  const SKIPPED = ["SCRIPT", "NOSCRIPT", "TEMPLATE"];

  /** What depends on the clock or the build, in words. */
  const steady = (text, told) => {
    for (const [from, to] of told.replace) text = text.replaceAll(from, to);
    text = text
      .replace(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, "DATE")
      .replace(/\b\d{8}-\d{6}-[a-z0-9]{5}\b/g, "ID")
      .replace(/round trip [\d.,]+ ?(µs|ms|s)/g, "round trip TIME")
      .replace(/(\d[\d.,]* ?(?:µs|ms|s|min|h)) in [\d.,]+ ?(?:µs|ms|s|min|h)\b/g, "$1 in TIME")
      .replace(/-[0-9a-f]{12,}(?=[._])/g, "-HASH");
    // Several numbers in a row are one: how many there are depends on the clock too.
    return told.masked ? text.replace(/[≈<>]?\d[\d.,:]*/g, "#") : text;
  };

  /** Ids with numbers are counted anew in the order of the document; a form's fields keep theirs. */
  const ids = () => {
    const names = new Map();
    const stems = new Map();
    for (const { id } of document.querySelectorAll("[id]")) {
      if (!/\d/.test(id) || /^[fx]-/.test(id)) continue;
      const stem = id.replace(/\d.*$/, "");
      const number = id.match(/\d+/)[0];
      if (!stems.has(stem)) stems.set(stem, []);
      const known = stems.get(stem);
      if (!known.includes(number)) known.push(number);
      names.set(id, id.replace(/\d+/, `@${known.indexOf(number) + 1}`));
    }
    return names;
  };

  const attributes = (element, names, told) => {
    const list = [];
    for (const { name, value } of element.attributes) {
      if (DROPPED.test(name) || (name === "integrity" && element.closest("head"))) continue;
      let text = value;
      if (name === "id") text = names.get(text) ?? text;
      else if (name === "class") text = text.split(/\s+/).filter(Boolean).sort().join(" ");
      else if (REFERENCES.includes(name)) text = text.split(/\s+/).map((id) => names.get(id) ?? id).join(" ");
      else if (name === "href" && text.startsWith("#")) text = `#${names.get(text.slice(1)) ?? text.slice(1)}`;
      if ((name === "class" || name === "style") && text === "") continue;
      list.push([name, name === "id" || REFERENCES.includes(name) ? text : steady(text, told)]);
    }
    const add = (name, value) => list.push([`.${name}`, steady(String(value), told)]);
    switch (element.tagName) {
      case "INPUT":
        if (["checkbox", "radio"].includes(element.type)) add("checked", element.checked);
        else if (element.type !== "file") add("value", element.value);
        break;
      case "SELECT":
      case "TEXTAREA":
        add("value", element.value);
        break;
      case "OPTION":
        add("value", element.value);
        add("selected", element.selected);
        break;
      case "PROGRESS":
      case "METER":
        add("value", element.value);
        break;
    }
    if (element === document.activeElement && element !== document.body) list.push([".focus", "true"]);
    list.sort(([a], [b]) => (a < b ? -1 : 1));
    return list.map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join("");
  };

  const write = (node, depth, names, told, lines) => {
    const indent = "  ".repeat(depth);
    if (SKIPPED.includes(node.tagName)) return;
    const tag = node.namespaceURI === "http://www.w3.org/1999/xhtml" ? node.tagName.toLowerCase() : node.tagName;
    const open = `${indent}<${tag}${attributes(node, names, told)}>`;
    // A text area's value is its text.
    if (tag === "textarea") {
      lines.push(`${open}</${tag}>`);
      return;
    }
    const inner = [];
    let text = "";
    const flush = () => {
      // White space between the blocks of the file that the page starts from is no part of it.
      if (text.trim() || (text && !text.includes("\n"))) inner.push(`${indent}  ${JSON.stringify(steady(text, told))}`);
      text = "";
    };
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) text += child.data;
      if (child.nodeType !== Node.ELEMENT_NODE || SKIPPED.includes(child.tagName)) continue;
      flush();
      write(child, depth + 1, names, told, inner);
    }
    flush();
    if (inner.length) lines.push(open, ...inner, `${indent}</${tag}>`);
    else lines.push(`${open}</${tag}>`);
  };

  /** The page as text; `part` is `head` or `body`. The root's attributes and the title come first. */
  const dom = (part, told) => {
    const lines = [`<html${attributes(document.documentElement, ids(), told)}>`];
    lines.push(`title: ${steady(document.title, told)}`, `address: ${steady(location.hash, told)}`);
    write(document[part], 0, ids(), told, lines);
    return `${lines.join("\n")}\n`;
  };

  /** Resolves once nothing in the page has changed for so many frames. */
  const settled = (frames = 15) => new Promise((done) => {
    let quiet = 0;
    const observer = new MutationObserver(() => { quiet = 0; });
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    const look = () => {
      quiet += 1;
      if (quiet < frames) return requestAnimationFrame(look);
      observer.disconnect();
      done(true);
    };
    requestAnimationFrame(look);
  });

  const words = (element) => (element.ariaLabel ?? element.textContent).trim();
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (list, what) => {
    if (list.length === 0) throw new Error(`there is no ${what} in: ${document.body.innerText.slice(0, 2000)}`);
    return list[0];
  };
  /** The button or disclosure that says this, whole or at its start. */
  const button = (text, root) => {
    const list = all("button, summary, a.button", root).filter((b) => words(b).startsWith(text));
    return one([...list.filter((b) => words(b) === text), ...list], `button “${text}”`);
  };
  /** The field with this label. */
  const field = (label) => {
    const labels = all("label").filter((l) => l.textContent.trim().startsWith(label));
    const named = all("[aria-label]").filter((e) => e.ariaLabel === label && /^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName));
    const found = [...labels.map((l) => l.control ?? l.querySelector("input")), ...named].filter(Boolean);
    return one(found, `field “${label}”`);
  };
  const click = (text, root) => button(text, root).click();
  /** Types into a field and leaves it. */
  const type = (label, value) => {
    const input = typeof label === "string" ? field(label) : label;
    input.focus();
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
    input.blur();
  };
  const choose = (label, value) => {
    const select = field(label);
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };
  /** Gives files, of name and text each, to a file field. */
  const give = (label, files) => {
    const data = new DataTransfer();
    for (const [name, text] of files) data.items.add(new File([text], name, { type: "application/json" }));
    const input = field(label);
    input.files = data.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const says = (text) => document.body.innerText.includes(text);
  const notice = (text) => all(".notices [role]").some((n) => n.textContent.includes(text));

  return { dom, settled, all, button, field, click, type, choose, give, says, notice };
})();
