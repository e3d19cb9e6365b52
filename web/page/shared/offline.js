// The service worker: the page works without a network after the first visit, and a new version waits to be asked for.

import { registerSW } from "virtual:pwa-register";

/** Keep the page on the device; only once it is ready, so that this never slows the first answer. */
export function keepOffline() {
  if (!("serviceWorker" in navigator)) return;
  const update = registerSW({
    immediate: true,
    onNeedRefresh: () => document.querySelector("#update")?.removeAttribute("hidden"), // the dashboard has no such notice
    onOfflineReady: () => (document.documentElement.dataset.offline = "ready"),
    onRegisterError: () => {}, // a private window, or a host without HTTPS: the page works all the same
  });
  document.querySelector("#update-now")?.addEventListener("click", () => update(true));
}
