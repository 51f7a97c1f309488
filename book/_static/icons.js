// The theme loads Font Awesome twice, as a font and as a script that replaces every <i> by an
// <svg>. The font is enough, and ipywidgets' play button stops working when its <i> is replaced.
if (window.FontAwesome) {
  Object.assign(window.FontAwesome.config, { autoReplaceSvg: false, observeMutations: false });
}
