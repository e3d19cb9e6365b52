// The site and a browser on it, for all tests; web/host.js also serves the benchmarks.

export * from "../../web/host.js";
