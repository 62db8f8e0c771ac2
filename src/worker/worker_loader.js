// Starts the worker. The first message brings the address of the page's glue code and its program,
// compiled: so this file has one address, for caches, and the worker runs what the page runs.
onmessage = async ({ data: [glue, program] }) => {
  onmessage = null;
  try {
    const { default: start } = await import(glue);
    await start({ module_or_path: program });
  } catch (error) {
    // Becomes the worker's "error" event, which the page gets; a rejected promise would not.
    setTimeout(() => { throw error; });
  }
};
