// ipywidgets typesets its labels through MathJax 2 (`MathJax.Hub.Queue`); the book has MathJax 3.
// MathJax is a deferred script: it has run when the document is ready, and no widget has yet.
document.addEventListener("DOMContentLoaded", () => {
  const math = window.MathJax;
  if (!math?.startup || math.Hub) return;
  const typeset = (elements) =>
    math.startup.promise.then(() => math.typesetPromise(elements));
  math.Hub = {
    // Each call is ["Typeset", MathJax.Hub, element].
    Queue: (...calls) => typeset(calls.map((call) => call[2]).filter(Boolean)),
  };
});
