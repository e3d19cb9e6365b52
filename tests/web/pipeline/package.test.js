// The npm package as others get it: what is in it, how large it is, and that Node gives the command's answers.

import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClassifier } from "../../../web/pipeline/index.js";
import { BUNDLES, bundleFile } from "../../../web/pipeline/build/bundle.js";
import { installPackage, listBlocks } from "../../helpers/package.js";
import { askCommand, compareResults, sharePhotos } from "../../helpers/page.js";
import { PYTHON, ROOT } from "../../helpers/site.js";

const contract = JSON.parse(readFileSync(join(ROOT, "models", "contract.json"), "utf8"));
const GOLDENS = join(ROOT, "models", "golden", "photos");
const BIN = join(ROOT, "web", "node_modules", ".bin");
const README = "web/pipeline/README.md";
const LIMITS = { "emoji-edge.js": 40_000, "emoji-face.js": 60_000 }; // bytes of own code, compressed

let own;

beforeAll(() => {
  own = installPackage();
});

afterAll(() => own?.remove());

/** Run a program in the folder where the package is installed. */
function runNode(code, ...rest) {
  writeFileSync(join(own.folder, "program.js"), code);
  return spawnSync(process.execPath, ["program.js", ...rest], { cwd: own.folder, encoding: "utf8" });
}

/** RGB pixels that the command sees, written by Python: {path: {width, height, file}}. */
function writePixels(paths) {
  const code = [
    "import json, sys",
    "from pathlib import Path",
    "from emoji_edge import load_contract",
    "from emoji_edge.image import open_photo",
    "found = {}",
    "for i, path in enumerate(sys.argv[2:]):",
    "    image = open_photo(path, load_contract().max_pixels)",
    "    file = Path(sys.argv[1]) / f'{i}.rgb'",
    "    file.write_bytes(image.tobytes())",
    "    found[path] = dict(width=image.width, height=image.height, file=str(file))",
    "print(json.dumps(found))",
  ].join("\n");
  return JSON.parse(execFileSync(PYTHON, ["-c", code, own.folder, ...paths], { cwd: ROOT, encoding: "utf8" }));
}

describe("what is in it", () => {
  test("modules, types, assets, and nothing that only builds or tests", () => {
    const { exports, dependencies, files } = JSON.parse(readFileSync(join(own.installed, "package.json"), "utf8"));
    const targets = Object.values(exports).flatMap((target) => Object.values(target));
    expect(targets.filter((path) => path.length > 1 && !existsSync(join(own.installed, path)))).toEqual([]);
    expect(Object.keys(dependencies).filter((name) => !name.startsWith("@tensorflow/"))).toEqual(["fast-png"]);
    expect(files).not.toContain("build");
    expect(readdirSync(own.installed)).not.toContain("build");
    const { artifacts, detector } = contract;
    const start = JSON.parse(readFileSync(join(own.installed, "dist/assets/start.json"), "utf8"));
    expect(start.artifact.name).toBe(artifacts.default.tfjs);
    expect(Object.keys(start.models).sort()).toEqual([...Object.keys(detector.models), "network"].sort());
    for (const path of Object.values(start.models)) {
      expect(existsSync(join(own.installed, "dist/assets", path))).toBe(true);
    }
  });

  test("its version is the Python package's", () => {
    const { version } = JSON.parse(readFileSync(join(own.installed, "package.json"), "utf8"));
    expect(readFileSync(join(ROOT, "pyproject.toml"), "utf8")).toContain(`\nversion = "${version}"\n`);
  });

  test.each(BUNDLES)("%s: own code is small", async (name) => {
    const code = gzipSync(await bundleFile(name, { external: ["@tensorflow/*"] }));
    expect(code.length).toBeGreaterThan(5_000);
    expect(code.length).toBeLessThan(LIMITS[name]);
  });

  test("publint and attw find nothing, and would", () => {
    const check = (tool, ...rest) => spawnSync(join(BIN, tool), rest, { cwd: own.folder, encoding: "utf8" });
    const publint = check("publint", "--strict", own.archive);
    expect(publint.stdout).toContain("All good!");
    expect(publint.status).toBe(0);
    const attw = check("attw", own.archive, "--profile", "esm-only");
    expect(attw.stdout + attw.stderr).toContain("emoji-edge/element");
    expect(attw.status).toBe(0);
    expect(check("attw", own.archive, "--profile", "strict").status).toBe(1); // there is no CommonJS
  });

  test("a program with types is checked against them", () => {
    const program = (line) => {
      writeFileSync(join(own.folder, "program.ts"), `import { createClassifier } from "emoji-edge";\n${line}\n`);
      const tsc = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--lib", "es2023,dom"];
      return spawnSync(join(BIN, "tsc"), [...tsc, "--typeRoots", "none", "program.ts"], {
        cwd: own.folder,
        encoding: "utf8",
      });
    };
    const right = program(
      "createClassifier().then(async (c) => { const r = await c.classify(new Blob()); r.faces[0].box[0].toFixed(); });",
    );
    expect(right.stdout).toBe("");
    expect(program("createClassifier({ asset: 'x' });").stdout).toContain("'asset' does not exist");
    expect(program("createClassifier().then(async (c) => (await c.classify('photo.jpg')).faces);").stdout).toContain(
      "TS2345",
    );
  });
});

describe("in Node", () => {
  test("the same pixels give the command's answers", () => {
    const paths = readdirSync(GOLDENS).map((name) => join(GOLDENS, name));
    const expected = askCommand(paths);
    const [, example] = listBlocks(README, "js");
    const loop = [
      'import { readFileSync } from "node:fs";',
      "for (const [name, { width, height, file }] of Object.entries(JSON.parse(process.argv[2]))) {",
      "  const data = readFileSync(file);",
      example.replace(/^import.*|^const classifier.*/gm, ""),
      "}",
      "await classifier.dispose();",
    ].join("\n");
    const head = example.match(/^import.*|^const classifier.*/gm).join("\n");
    const done = runNode(`${head}\n${loop}`, JSON.stringify(writePixels(paths)));
    expect(done.stderr).toBe("");
    const results = done.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(results.length).toBe(paths.length);
    paths.forEach((path, i) =>
      expect([path, compareResults(results[i], expected[path], contract)]).toEqual([path, []]),
    );
    expect(results.some(({ faces }) => faces.length > 1)).toBe(true);
  });

  test("the snippet for those who come from face-api.js gives its shape", () => {
    const [snippet] = listBlocks("docs/coming-from.md", "js");
    const path = join(GOLDENS, "portrait.jpg");
    const [{ width, height, file }] = Object.values(writePixels([path]));
    const call = `detectAllFaces({ data: readFileSync(process.argv[2]), width: ${width}, height: ${height} })`;
    const done = runNode(
      `import { readFileSync } from "node:fs";\n${snippet}\nconsole.log(JSON.stringify(await ${call}));`,
      file,
    );
    expect(done.stderr).toBe("");
    const [{ detection, expressions }] = JSON.parse(done.stdout);
    const [face] = askCommand([path])[path].faces;
    const [x0, y0, x1, y1] = face.box;
    for (const [key, value] of Object.entries({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 })) {
      expect(Math.abs(detection.box[key] - value)).toBeLessThan(2 * contract.same_answer.box);
    }
    expect(detection.score).toBeCloseTo(face.detection, 3);
    expect(Object.keys(expressions).sort()).toEqual([
      "angry",
      "disgusted",
      "fearful",
      "happy",
      "neutral",
      "sad",
      "surprised",
    ]);
    expect(Math.abs(expressions.happy - face.expressions[0].score)).toBeLessThan(contract.same_answer.score);
  });

  test("files need sharp there, and the message says so", () => {
    copyFileSync(join(GOLDENS, "portrait.jpg"), join(own.folder, "photo.jpg"));
    const done = runNode(`
      import { readFile } from "node:fs/promises";
      import { ImageError, createClassifier } from "emoji-edge";
      const classifier = await createClassifier();
      const error = await classifier.classify(await readFile("photo.jpg")).catch((thrown) => thrown);
      console.log(error instanceof ImageError, error.code, error.message);
    `);
    expect(done.stdout).toBe("true format files need the package sharp here: npm install sharp, or give pixels\n");
  });

  test("two classifiers that begin at once both answer, and TensorFlow.js is left as it was", () => {
    const done = runNode(`
      import * as tf from "@tensorflow/tfjs-core";
      import { createClassifier } from "emoji-edge";
      const { platform } = tf.env();
      const before = platform.fetch;
      const both = await Promise.all([createClassifier(), createClassifier()]);
      const photo = { data: new Uint8Array(48 * 48 * 4).fill(128), width: 48, height: 48 };
      const [first, second] = await Promise.all(both.map((classifier) => classifier.classify(photo)));
      console.log(first.faces.length, JSON.stringify(first) === JSON.stringify(second), platform.fetch === before);
    `);
    expect(done.stdout + done.stderr).toBe("1 true true\n");
  });

  test("assets that are not there: one clear line", () => {
    const done = runNode(`
      import { ModelError, createClassifier } from "emoji-edge";
      const error = await createClassifier({ assets: "./nowhere/" }).catch((thrown) => thrown);
      console.log(error instanceof ModelError, error.message);
    `);
    expect(done.stdout).toMatch(/^true file:.*nowhere\/contract\.json cannot be loaded\n$/);
  });
});

describe("in Node, with sharp", () => {
  let classifier, photos;

  beforeAll(async () => {
    photos = sharePhotos();
    classifier = await createClassifier({ assets: new URL(`file://${own.installed}/dist/assets/`) });
  });

  afterAll(() => classifier?.dispose());

  test("files give the command's answers, but for formats that it lacks", async () => {
    const read = photos.good.filter((path) => !/\.bmp$/.test(path));
    const expected = askCommand(read);
    const differing = {};
    for (const path of read) {
      const found = await classifier.classify(readFileSync(path), { name: basename(path) });
      const lines = compareResults(found, expected[path], contract);
      if (lines.length) differing[basename(path)] = lines;
    }
    expect(differing).toEqual({});
    expect(read.length).toBeGreaterThan(30);
  });

  test("a file that the command refuses is refused", async () => {
    for (const path of photos.bad) {
      await expect(classifier.classify(readFileSync(path)), basename(path)).rejects.toThrow(Error);
    }
  });

  test("as many expressions as are asked for, and the name that is given", async () => {
    const bytes = readFileSync(join(GOLDENS, "portrait.jpg"));
    const { photo, faces } = await classifier.classify(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
      {
        name: "me",
        top: contract.labels.length,
      },
    );
    expect(photo).toBe("me");
    expect(faces[0].expressions.map(({ label }) => label).sort()).toEqual([...contract.labels].sort());
  });

  test("RGB and RGBA are the same photo, wherever their bytes begin", async () => {
    const { photo } = await classifier.classifyInDetail(readFileSync(join(GOLDENS, "portrait.jpg")));
    const { width, height } = photo;
    const rgb = photo.data.filter((_, i) => i % 4 < 3);
    const moved = new Uint8Array(photo.data.length + 1);
    moved.set(photo.data, 1);
    const [first, ...others] = await Promise.all(
      [photo.data, rgb, moved.subarray(1)].map((data) => classifier.classify({ data, width, height })),
    );
    expect(first.faces.length).toBe(1);
    expect(others).toEqual([first, first]);
  });

  test.each([
    [{ data: new Uint8Array(11), width: 2, height: 2 }, "11 bytes are no 2x2 pixels of RGBA or RGB"],
    [{ data: new Uint8Array(0), width: 0, height: 0 }, "0 bytes are no 0x0 pixels"],
    [{ data: new Uint8Array(6), width: 1.5, height: 1 }, "6 bytes are no 1.5x1 pixels"],
    [{ data: new Uint8Array(4), width: 1e5, height: 1e5 }, "100000x100000 is more than"],
    [new Uint8Array(0), "empty file"],
    ["photo.jpg", "a photo is a file, its bytes, or pixels"],
  ])("%o is refused", async (source, message) => {
    await expect(classifier.classify(source)).rejects.toThrow(message);
  });

  test("dispose gives everything back, and ends it", async () => {
    const other = await createClassifier({ assets: classifier.folder });
    const { tensors } = classifier.readMemory();
    await other.dispose();
    expect(classifier.readMemory().tensors).toBeLessThan(tensors);
    await expect(other.classify({ data: new Uint8Array(4), width: 1, height: 1 })).rejects.toThrow("disposed of");
    expect((await classifier.classify(readFileSync(join(GOLDENS, "portrait.jpg")))).faces.length).toBe(1);
  });
});
