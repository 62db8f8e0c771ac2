// Starts the worker: it runs the program of the page, which comes compiled as the first message.
const glue = import(new URL(location.href).searchParams.get("glue"));
// Whatever fails becomes the worker's "error" event, which the page gets; a rejected promise would not become one.
const fail = (error) => setTimeout(() => { throw error; });
glue.catch(fail);
onmessage = async ({ data }) => {
  onmessage = null;
  const program = await glue.catch(() => null);
  await program?.default({ module_or_path: data }).catch(fail);
};
