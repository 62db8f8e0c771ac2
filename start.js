// Trunk calls this module's function when it loads the program: its progress and its end are shown
// in the frame of index.html.
export default () => ({
  onProgress: ({ current, total }) => {
    const progress = document.querySelector("#start progress");
    if (progress) progress.value = current / total;
  },
  // The program has drawn the page; nothing was painted in between.
  onSuccess: () => document.getElementById("start").remove(),
  onFailure: cannotLoad,
});
