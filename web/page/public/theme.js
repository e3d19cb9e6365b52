// Sets the colours before the first paint; a classic script, for modules run too late for that.
{
  const query = window.matchMedia("(prefers-color-scheme: dark)");
  const read = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is forbidden in some browsers' private windows
    }
  };
  const apply = () => {
    document.documentElement.dataset.bsTheme = read() ?? (query.matches ? "dark" : "light");
  };
  apply();
  query.addEventListener("change", apply);
}
