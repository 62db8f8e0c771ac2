// Starts fwit's worker: the page's own program, which the page compiled already and sends as the first message.
const glue = import(new URL(location.href).searchParams.get("glue"));
onmessage = async ({ data }) => {
  onmessage = null;
  await (await glue).default({ module_or_path: data });
};
