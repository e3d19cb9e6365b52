// For programs that drive this page: the pipeline itself, once it is ready. web/README.md describes it.

/** @typedef {import("../shared/engine.js").Engine} Engine */

/**
 * Offer the pipeline as `window.emoji`.
 *
 * @param {() => Promise<Engine>} findEngine the engine in use, once it is ready
 */
export function offerPipeline(findEngine) {
  window.emoji = {
    async classify(source, options = {}) {
      const name = source instanceof File ? source.name : "";
      const { preview: _, ...found } = await (await findEngine()).classify(source, { name, ...options });
      return found;
    },
    async readMemory() {
      return (await findEngine()).readMemory();
    },
  };
}
