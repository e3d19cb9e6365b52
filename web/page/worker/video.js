// Reads a video frame by frame in the worker: mediabunny takes the file apart, WebCodecs decodes.

import { ALL_FORMATS, BlobSource, Input, VideoSampleSink } from "mediabunny";

/** The video cannot be read here; `code` names the text for it. */
export class VideoError extends Error {
  constructor(code, values = {}) {
    super(code);
    this.code = code;
    this.values = values;
  }
}

/** @typedef {{frame: number, time: number, picture: import("emoji-edge").Photo}} Moment */

/**
 * Open a video.
 *
 * @param {Blob} file
 * @returns {Promise<{duration: number, readFrames: (takes: (time: number) => boolean) => AsyncGenerator<Moment>, close: () => void}>}
 * @throws {VideoError}
 */
export async function openVideo(file) {
  if (!("VideoDecoder" in globalThis)) throw new VideoError("webcodecs");
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  try {
    const track = await findTrack(input);
    const duration = await track.computeDuration();
    return { duration, readFrames: (takes) => readFrames(track, takes), close: () => input.dispose() };
  } catch (error) {
    input.dispose();
    throw error;
  }
}

async function findTrack(input) {
  let track;
  try {
    track = await input.getPrimaryVideoTrack();
  } catch {
    throw new VideoError("container");
  }
  if (!track) throw new VideoError("silent");
  if (!(await track.canDecode())) throw new VideoError("codec", { codec: track.codec ?? "?" });
  return track;
}

/** The frames in the order of showing; those that `takes` refuses are counted, but their pixels are not read. */
async function* readFrames(track, takes) {
  let frame = 0;
  for await (const sample of new VideoSampleSink(track).samples()) {
    try {
      const time = sample.timestamp;
      if (takes(time)) yield { frame, time, picture: await readPixels(sample) };
      frame++;
    } finally {
      sample.close();
    }
  }
}

/** Upright pixels of square shape. Only a frame that must be turned or stretched, or cannot be copied, goes over a canvas. */
async function readPixels(sample) {
  const [width, height] = [sample.displayWidth, sample.displayHeight];
  const { width: across, height: down } = sample.visibleRect;
  if (!sample.rotation && !sample.flip && across === width && down === height) {
    const copied = await copyPixels(sample, width, height);
    if (copied) return copied;
  }
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new VideoError("memory");
  sample.draw(context, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, data, channels: 4 };
}

/** The pixels by way of the frame's own copy; null where the browser has none, or copies in the frame's own format as WebKit. */
async function copyPixels(sample, width, height) {
  const data = new Uint8Array(width * height * 4);
  try {
    const planes = await sample.copyTo(data, { format: "RGBA", colorSpace: "srgb" });
    return planes.length === 1 && planes[0].stride === 4 * width ? { width, height, data, channels: 4 } : null;
  } catch {
    return null;
  }
}
