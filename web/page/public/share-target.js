// Part of the service worker: takes the photos that another program shares with the installed page, and hands them on.

const KEPT = "shared-photos"; // web/page/main/shared.js reads them

const worker = /** @type {any} */ (self); // the types are a page's, not a service worker's

async function keepShared(request) {
  const form = await request.formData();
  const cache = await caches.open(KEPT);
  for (const key of await cache.keys()) await cache.delete(key);
  for (const [i, file] of form.getAll("photos").entries()) {
    const headers = { "content-type": file.type, "x-name": encodeURIComponent(file.name) };
    await cache.put(new URL(`./shared/${i}`, worker.registration.scope), new Response(file, { headers }));
  }
  return Response.redirect(new URL("./index.html?shared", worker.registration.scope), 303);
}

worker.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const target = new URL("./share-target", worker.registration.scope);
  if (method === "POST" && url === target.href) event.respondWith(keepShared(event.request));
});
