// Starts fwit's worker: the page's own program, which the page compiled already and sends as the first message.
const glue = import(new URL(location.href).searchParams.get("glue"));
// Whatever fails becomes the worker's "error" event, which the page hears; a rejected promise would not.
const fail = (error) => setTimeout(() => { throw error; });
glue.catch(fail);
onmessage = async ({ data }) => {
  onmessage = null;
  const program = await glue.catch(() => null);
  await program?.default({ module_or_path: data }).catch(fail);
};
