// Photos that another program shared with the installed page; the service worker has kept them for it.

const KEPT = "shared-photos"; // web/page/public/share-target.js fills it

/**
 * Take the photos that were shared, if the page was opened for them; they are kept no longer.
 *
 * @returns {Promise<import("./sources.js").Photo[]>}
 */
export async function takeShared() {
  const address = new URL(location.href);
  if (!address.searchParams.has("shared") || !("caches" in globalThis)) return [];
  address.searchParams.delete("shared");
  history.replaceState(null, "", address); // a reload does not ask again
  const cache = await caches.open(KEPT);
  const photos = [];
  for (const key of await cache.keys()) {
    const response = await cache.match(key);
    if (!response) continue;
    const type = response.headers.get("content-type") ?? "";
    const name = decodeURIComponent(response.headers.get("x-name") ?? "photo");
    photos.push({ file: new File([await response.blob()], name, { type }), name });
  }
  await caches.delete(KEPT);
  return photos;
}
